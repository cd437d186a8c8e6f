import { useState } from "react";
import { Button, Form, Label, TextArea, TextField } from "react-aria-components";
import { Window } from "../parts/Window";

/** Asks for texts to paste or write. `null` when the person leaves. */
export function PasteTexts({ onAnswer }: { onAnswer: (text: string | null) => void }) {
  const [text, setText] = useState("");
  return (
    <Window title="Paste texts" wide onClose={() => onAnswer(null)}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) onAnswer(text);
        }}
      >
        <TextField value={text} onChange={setText} autoFocus isRequired>
          <Label>One text a line, or rows copied from a spreadsheet: text and label</Label>
          <TextArea rows={10} />
        </TextField>
        <div className="row end">
          <Button className="button quiet" onPress={() => onAnswer(null)}>
            Cancel
          </Button>
          <Button className="button" type="submit">
            Go on
          </Button>
        </div>
      </Form>
    </Window>
  );
}
