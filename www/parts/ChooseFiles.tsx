import type { ReactNode } from "react";
import { Button, FileTrigger } from "react-aria-components";
import { type Found, fromChosen } from "../intake/found";
import { say, sentence } from "../state/store";

interface Props {
  children: ReactNode;
  folder?: boolean;
  single?: boolean;
  quiet?: boolean;
  isDisabled?: boolean;
  onFound: (found: Found[]) => void;
}

/** A button that asks for files, or for a folder. */
export function ChooseFiles({ children, folder = false, single = false, quiet = false, isDisabled = false, onFound }: Props) {
  const take = (files: FileList | null) => {
    if (!files || files.length === 0) return;
    fromChosen(files).then(onFound, (error: unknown) => say(sentence(error)));
  };
  return (
    <FileTrigger
      acceptDirectory={folder}
      allowsMultiple={!single}
      {...(folder ? {} : { acceptedFileTypes: single ? ["image/*"] : ["image/*", ".zip"] })}
      onSelect={take}
    >
      <Button className={quiet ? "button quiet" : "button"} isDisabled={isDisabled}>
        {children}
      </Button>
    </FileTrigger>
  );
}
