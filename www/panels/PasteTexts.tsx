import { useState } from "react";
import { Button, Dialog, Form, Heading, Label, Modal, ModalOverlay, TextArea, TextField } from "react-aria-components";

/** Asks for texts to paste or write. `null` when the person leaves. */
export function PasteTexts({ onAnswer }: { onAnswer: (text: string | null) => void }) {
  const [text, setText] = useState("");
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onAnswer(null)} className="overlay">
      <Modal className="modal wide">
        <Dialog className="dialog">
          <Heading slot="title">Paste texts</Heading>
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
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
