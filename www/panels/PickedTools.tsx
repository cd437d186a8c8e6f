import { Button, MenuTrigger, Popover } from "react-aria-components";
import { alsoLabel, move, takeOff } from "../state/labelling";
import { remove } from "../state/samples";
import { useStore } from "../state/store";
import { OtherClasses } from "./ClassTools";

interface Props {
  ids: string[];
  /** The class they are in; none of their own where they wait for a label. */
  than: string;
  onPick: (ids: ReadonlySet<string>) => void;
}

/** What can be done with the pictures that are picked. */
export function PickedTools({ ids, than, onPick }: Props) {
  const several = useStore((s) => s.kind === "labels");
  const act = (work: Promise<void>) => {
    onPick(new Set());
    void work;
  };
  return (
    <>
      <MenuTrigger>
        <Button className="button quiet">
          {than === "" ? "Label" : "Move"} {ids.length} {than === "" ? "as" : "to"} …
        </Button>
        <Popover className="popover">
          <OtherClasses than={than} onChoose={(to) => act(move(ids, to, than))} />
        </Popover>
      </MenuTrigger>
      {than !== "" && (
        <MenuTrigger>
          <Button className="button quiet">Also label as …</Button>
          <Popover className="popover">
            <OtherClasses than={than} onChoose={(to) => act(alsoLabel(ids, to))} />
          </Popover>
        </MenuTrigger>
      )}
      {than !== "" && several && (
        <Button className="button quiet" onPress={() => act(takeOff(ids, than))}>
          Not {than}
        </Button>
      )}
      <Button className="button quiet" onPress={() => act(remove(ids))}>
        Remove {ids.length}
      </Button>
      <Button className="button quiet" onPress={() => onPick(new Set())}>
        Pick none
      </Button>
    </>
  );
}
