import { type ReactNode, useState } from "react";
import { Button, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { Window } from "./Window";

interface Props {
  title: string;
  label: string;
  initial?: string;
  /** Shown as buttons: the usual answers in one press. */
  choices?: readonly string[];
  ok: string;
  /** The button that answers with no name, where that is an answer. */
  without?: string;
  /** Why an answer is none; `null` where it is one. */
  wrong?: (answer: string) => string | null;
  children?: ReactNode;
  onAnswer: (answer: string | null) => void;
}

/** Asks for a name. `null` when the person leaves, empty when it is to be without. */
export function Ask({ title, label, initial = "", choices = [], ok, without, wrong, children, onAnswer }: Props) {
  const [text, setText] = useState(initial);
  return (
    <Window title={title} onClose={() => onAnswer(null)}>
      {children}
      {choices.length > 0 && (
        <div className="row">
          {choices.map((choice) => (
            <Button key={choice} className="button quiet" onPress={() => onAnswer(choice)}>
              {choice}
            </Button>
          ))}
        </div>
      )}
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) onAnswer(text.trim());
        }}
      >
        <TextField value={text} onChange={setText} autoFocus isRequired validate={(answer) => wrong?.(answer) ?? true}>
          <Label>{label}</Label>
          <Input autoComplete="off" />
          <FieldError className="problem" />
        </TextField>
        <div className="row end">
          <Button className="button quiet" onPress={() => onAnswer(null)}>
            Cancel
          </Button>
          {without && (
            <Button className="button quiet" onPress={() => onAnswer("")}>
              {without}
            </Button>
          )}
          <Button className="button" type="submit">
            {ok}
          </Button>
        </div>
      </Form>
    </Window>
  );
}
