import { type ReactNode, useState } from "react";
import { Button, Dialog, Form, Heading, Input, Label, Modal, ModalOverlay, TextField } from "react-aria-components";

interface Props {
  title: string;
  label: string;
  initial?: string;
  /** Shown as buttons: the usual answers in one press. */
  choices?: readonly string[];
  ok: string;
  children?: ReactNode;
  onAnswer: (answer: string | null) => void;
}

/** Asks for a name. `null` when the person leaves. */
export function Ask({ title, label, initial = "", choices = [], ok, children, onAnswer }: Props) {
  const [text, setText] = useState(initial);
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onAnswer(null)} className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">{title}</Heading>
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
            <TextField value={text} onChange={setText} autoFocus isRequired>
              <Label>{label}</Label>
              <Input autoComplete="off" />
            </TextField>
            <div className="row end">
              <Button className="button quiet" onPress={() => onAnswer(null)}>
                Cancel
              </Button>
              <Button className="button" type="submit">
                {ok}
              </Button>
            </div>
          </Form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
