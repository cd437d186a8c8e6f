import { useEffect, useState } from "react";
import { Button, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { givenOf } from "../state/classes";
import { noNumber, parsed } from "../state/labels";
import { give } from "../state/labelling";
import { useRunning, useStore } from "../state/store";
import { noun } from "../state/task";
import { count } from "../state/words";

interface Props {
  ids: readonly string[];
  /** Before it is given: what was picked may go away with it, and the focus too. */
  onGive?: (form: Element) => void;
}

/** One number for some samples. That which they have is there to be changed. */
export function GiveNumber({ ids, onGive }: Props) {
  const collecting = useRunning("collect");
  // Of each change of the samples the store hears.
  const now = useStore(() => shared(ids));
  const [text, setText] = useState(now);
  useEffect(() => setText(now), [ids.join(), now]);
  const number = parsed(text);
  return (
    <Form
      className="give"
      onSubmit={(event) => {
        event.preventDefault();
        if (number === null || collecting) return;
        onGive?.(event.currentTarget);
        void give(ids, number);
      }}
    >
      <TextField value={text} onChange={setText} className="field" isRequired validate={(answer) => noNumber(answer) ?? true}>
        <Label>Number for {count(ids.length, noun)}</Label>
        <Input autoComplete="off" onFocus={(event) => event.currentTarget.select()} />
        <FieldError className="problem" />
      </TextField>
      <Button type="submit" className="button quiet" isDisabled={collecting}>
        Give it
      </Button>
    </Form>
  );
}

/** The number that all of them have; empty where there is none. */
function shared(ids: readonly string[]): string {
  const [first, ...others] = new Set(ids.map(givenOf));
  return others.length === 0 && typeof first === "number" ? String(first) : "";
}
