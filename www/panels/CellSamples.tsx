import type { Report } from "headstart";
import { useState } from "react";
import { Button } from "react-aria-components";
import { Window } from "../parts/Window";
import { move } from "../state/labelling";
import { remove } from "../state/samples";
import { useStore } from "../state/store";
import { noun } from "../state/task";
import { count } from "../state/words";
import { SampleGrid } from "./SampleGrid";

interface Props {
  report: Report;
  truth: number;
  called: number;
  onClose: () => void;
}

/** The samples behind one cell of the confusion matrix: wrong labels show here, and can be put right. */
export function CellSamples({ report: { confusion }, truth, called, onClose }: Props) {
  const [is, as] = [confusion.labels[truth]!, confusion.labels[called]!];
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  // Those that were moved or removed since the report are no longer here.
  const present = useStore((s) => s.classes).find((c) => c.name === is)?.members ?? [];
  const behind = new Set(confusion.ids[truth]![called]!);
  const members = present.filter((p) => behind.has(p.id));
  const ids = members.filter((p) => picked.has(p.id)).map((p) => p.id);
  return (
    <Window title={`${count(members.length, noun)} of ${is}, called ${as}`} wide onClose={onClose}>
      <SampleGrid name={`${is}, called ${as}`} members={members} picked={picked} empty="None of them are in that class any more." onPick={setPicked} />
      <div className="row end">
        {is !== as && (
          <Button className="button quiet" isDisabled={ids.length === 0} onPress={() => void move(ids, as, is)}>
            Move {ids.length || "picked"} to {as}
          </Button>
        )}
        <Button className="button quiet" isDisabled={ids.length === 0} onPress={() => void remove(ids)}>
          Remove {ids.length || "picked"}
        </Button>
        <Button className="button" onPress={onClose}>
          Close
        </Button>
      </div>
    </Window>
  );
}
