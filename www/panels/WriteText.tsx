import type { Label as Given } from "headstart";
import { useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";
import { takeTexts } from "../state/samples";
import { type Kind, parsed, split } from "../state/labels";
import { realNames, useStore } from "../state/store";

/** One text by hand. The label stays, for the next one. */
export function WriteText() {
  const classes = useStore((s) => s.classes);
  const kind = useStore((s) => s.kind);
  const [text, setText] = useState("");
  const [label, setLabel] = useState("");
  const add = () => {
    if (text.trim() === "") return;
    const given = asLabel(label.trim(), kind);
    void takeTexts([{ data: text.trim(), ...(given === null ? {} : { label: given }) }]);
    setText("");
  };
  return (
    <Form
      className="write"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <TextField value={text} onChange={setText} className="field grow">
        <Label>Write a text</Label>
        <Input autoComplete="off" />
      </TextField>
      <TextField value={label} onChange={setLabel} className="field">
        <Label>{kind === "labels" ? "Labels (a; b)" : kind === "numbers" ? "Number" : "Label"}</Label>
        <Input autoComplete="off" list="labels" />
      </TextField>
      <datalist id="labels">
        {kind !== "numbers" && realNames(classes).map((name) => <option key={name} value={name} />)}
      </datalist>
      <Button className="button quiet" type="submit" isDisabled={text.trim() === ""}>
        Add
      </Button>
    </Form>
  );
}

/** Of the kind that the others have; what cannot be read as it waits for a label. */
function asLabel(text: string, kind: Kind): Given | null {
  if (text === "") return null;
  if (kind === "numbers") return parsed(text);
  return kind === "labels" ? split(text) : text;
}
