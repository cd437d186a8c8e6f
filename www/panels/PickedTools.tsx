import { Button, MenuTrigger, Popover } from "react-aria-components";
import { passFocus } from "../parts/passFocus";
import { alsoLabel, move, takeOff } from "../state/labelling";
import { remove } from "../state/samples";
import { useStore } from "../state/store";
import { OtherClasses } from "./ClassTools";
import { GiveNumber } from "./GiveNumber";
import { Large } from "./Large";

interface Props {
  ids: string[];
  /** The class they are in; none of their own where they wait for a label. */
  than: string;
  /** Of those that wait for a number: the one to give it to next. */
  next?: string | undefined;
  onPick: (ids: ReadonlySet<string>) => void;
}

/** What can be done with the pictures that are picked. */
export function PickedTools({ ids, than, next, onPick }: Props) {
  const kind = useStore((s) => s.kind);
  const act = (work: Promise<void>) => {
    onPick(new Set());
    void work;
  };
  const others = (
    <>
      <Button className="button quiet" onPress={() => act(remove(ids))}>
        Remove {ids.length}
      </Button>
      <Button className="button quiet" onPress={() => onPick(new Set())}>
        Pick none
      </Button>
    </>
  );
  if (kind === "numbers") {
    // One that waits goes away with its number, and the next is asked for; one that has a number stays, to be put right.
    const goOn = (form: Element) => {
      onPick(new Set(next === undefined ? [] : [next]));
      if (next === undefined) passFocus(form);
    };
    return (
      <div className="giving">
        {ids.length === 1 && <Large id={ids[0]!} />}
        <GiveNumber ids={ids} {...(than === "" ? { onGive: goOn } : {})} />
        <div className="row">{others}</div>
      </div>
    );
  }
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
      {than !== "" && kind === "labels" && (
        <Button className="button quiet" onPress={() => act(takeOff(ids, than))}>
          Not {than}
        </Button>
      )}
      {others}
    </>
  );
}
