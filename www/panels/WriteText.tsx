import { useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";
import { takeTexts } from "../state/samples";
import { useStore } from "../state/store";

/** One text by hand. The label stays, for the next one. */
export function WriteText() {
  const classes = useStore((s) => s.classes);
  const [text, setText] = useState("");
  const [label, setLabel] = useState("");
  const add = () => {
    if (text.trim() === "") return;
    const label_ = label.trim();
    void takeTexts([{ data: text.trim(), ...(label_ === "" ? {} : { label: label_ }) }]);
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
        <Label>Label</Label>
        <Input autoComplete="off" list="labels" />
      </TextField>
      <datalist id="labels">
        {classes.filter((c) => c.name !== "").map((c) => (
          <option key={c.name} value={c.name} />
        ))}
      </datalist>
      <Button className="button quiet" type="submit" isDisabled={text.trim() === ""}>
        Add
      </Button>
    </Form>
  );
}
