import { useState } from "react";
import { Button, MenuTrigger, Popover } from "react-aria-components";
import { useMembers } from "../parts/useMembers";
import { move } from "../state/labelling";
import { remove } from "../state/samples";
import { useStore } from "../state/store";
import { OtherClasses } from "./ClassTools";
import { GiveNumber } from "./GiveNumber";
import { SampleGrid } from "./SampleGrid";

interface Props {
  name: string;
  ids: readonly string[];
  /** Whether they are for the buttons from the start: someone has picked them already. */
  all?: boolean;
  onClose: () => void;
}

/** Samples from several classes, to be moved to one or removed; or with numbers, to be put right. */
export function PickedSamples({ name, ids, all = false, onClose }: Props) {
  const known = useMembers();
  const numbers = useStore((s) => s.kind === "numbers");
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set(all ? ids : []));
  const members = ids.flatMap((id) => known.get(id) ?? []);
  const chosen = members.filter((m) => picked.has(m.id));
  const [first] = chosen;
  // Their own class is no choice, as long as they have one.
  const from = first && chosen.every((m) => m.label === first.label) ? first.label : "";
  const act = chosen.map((m) => m.id);
  return (
    <>
      <SampleGrid name={name} members={members} picked={picked} empty="None of them are here any more." onPick={setPicked} />
      <div className="row end">
        {numbers ? (
          act.length > 0 && <GiveNumber ids={act} />
        ) : (
          <MenuTrigger>
            <Button className="button quiet" isDisabled={act.length === 0}>
              Move {act.length || "picked"} to class …
            </Button>
            <Popover className="popover">
              <OtherClasses than={from} onChoose={(to) => void move(act, to)} />
            </Popover>
          </MenuTrigger>
        )}
        <Button className="button quiet" isDisabled={act.length === 0} onPress={() => void remove(act)}>
          Remove {act.length || "picked"}
        </Button>
        <Button className="button" onPress={onClose}>
          {all ? "Pick none" : "Close"}
        </Button>
      </div>
    </>
  );
}
