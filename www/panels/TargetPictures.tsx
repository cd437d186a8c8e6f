import { DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import type { Found } from "../intake/found";
import { ChooseFiles } from "../parts/ChooseFiles";
import type { Targeted } from "../state/adaptation";
import { say, sentence } from "../state/store";

interface Props {
  onTarget: (target: readonly Targeted[]) => void;
  isDisabled: boolean;
}

/** Pictures of the target domain; a folder that is named as a class is a label. */
export function TargetPictures({ onTarget, isDisabled }: Props) {
  const take = (found: Found[]) => {
    if (isDisabled) say("Wait for the end of what is under way, or stop it first.");
    else if (found.length === 0) say("There was no file in it.");
    else onTarget(found.map(({ path, folder, open }) => ({ path, label: folder, open })));
  };
  return (
    <DropZone className="drop small" aria-label="Drop or paste pictures of the other domain" onDrop={(event) => void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)))}>
      <p>Drop pictures from there: a folder, files or a zip. A folder that is named as a class of yours is a label.</p>
      <div className="row center">
        <ChooseFiles folder quiet isDisabled={isDisabled} onFound={take}>
          Bring a folder
        </ChooseFiles>
        <ChooseFiles quiet isDisabled={isDisabled} onFound={take}>
          Bring pictures
        </ChooseFiles>
      </div>
    </DropZone>
  );
}
