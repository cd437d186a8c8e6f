import { type ReactNode, useRef } from "react";
import { Button, FileTrigger, setInteractionModality } from "react-aria-components";
import { type Found, fromChosen } from "../intake/found";
import { say, sentence } from "../state/store";

interface Props {
  children: ReactNode;
  folder?: boolean;
  single?: boolean;
  /** What the dialog offers; pictures when absent. */
  accept?: readonly string[];
  quiet?: boolean;
  isDisabled?: boolean;
  onFound: (found: Found[]) => void;
}

/** A button that asks for files, or for a folder. */
export function ChooseFiles({ children, folder = false, single = false, accept, quiet = false, isDisabled = false, onFound }: Props) {
  const pressedBy = useRef<"keyboard" | "pointer">("pointer");
  const take = (files: FileList | null) => {
    // When the file dialog closes, React Aria takes the window's new focus for a screen reader's doing, and draws every
    // picture's focus ring; and takes them all away, in one long task, at the next press of the mouse.
    setTimeout(() => setInteractionModality(pressedBy.current));
    if (!files || files.length === 0) return;
    fromChosen(files).then(onFound, (error: unknown) => say(sentence(error)));
  };
  return (
    <FileTrigger
      acceptDirectory={folder}
      allowsMultiple={!single}
      {...(folder ? {} : { acceptedFileTypes: accept ?? (single ? ["image/*"] : ["image/*", ".zip", ".tm"]) })}
      onSelect={take}
    >
      <Button
        className={quiet ? "button quiet" : "button"}
        isDisabled={isDisabled}
        onPress={({ pointerType }) => (pressedBy.current = pointerType === "keyboard" ? "keyboard" : "pointer")}
      >
        {children}
      </Button>
    </FileTrigger>
  );
}
