import { useMemo, useState } from "react";
import { Button } from "react-aria-components";
import type { Found } from "../intake/found";
import { Ask } from "../parts/Ask";
import { ChooseFiles } from "../parts/ChooseFiles";
import { NUMBERS, figure, noNumber } from "../state/labels";
import { takeIn } from "../state/samples";
import { type Member, useStore } from "../state/store";
import { count } from "../state/words";
import { PickedTools } from "./PickedTools";
import { SampleGrid } from "./SampleGrid";
import { Webcam } from "./Webcam";

const NONE: readonly Member[] = [];

/** All pictures with a number, in the order of their numbers: one that is wrong stands among strangers. */
export function Numbered() {
  const members = useStore((s) => s.classes.find((c) => c.name === NUMBERS)?.members ?? NONE);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [largest, setLargest] = useState(false);
  const [adding, setAdding] = useState<Found[] | "webcam" | null>(null);
  const [filming, setFilming] = useState<string | null>(null);
  const sorted = useMemo(() => [...members].sort((a, b) => (largest ? -1 : 1) * (numberOf(a) - numberOf(b))), [members, largest]);
  const ids = sorted.filter((m) => picked.has(m.id)).map((m) => m.id);
  return (
    <article className="class numbered" aria-labelledby="numbered-title">
      <header>
        <h3 id="numbered-title">With a number</h3>
        <span className="soft count">
          {count(members.length, "picture")}
          {members.length > 0 && `, ${rangeOf(sorted)}`}
        </span>
        <Button className="button quiet small" isDisabled={members.length < 2} onPress={() => setLargest(!largest)}>
          {largest ? "Smallest first" : "Largest first"}
        </Button>
      </header>
      <SampleGrid name="Pictures with a number" members={sorted} picked={picked} empty="Empty. Bring pictures with a table of their numbers, or pick some below and give them one." onPick={setPicked} />
      <div className="row foot">
        {ids.length > 0 ? (
          <PickedTools ids={ids} than={NUMBERS} onPick={setPicked} />
        ) : (
          <>
            <ChooseFiles quiet onFound={setAdding}>
              Add pictures
            </ChooseFiles>
            <Button className="button quiet" onPress={() => setAdding("webcam")}>
              Webcam
            </Button>
          </>
        )}
      </div>
      {adding && (
        <Ask
          title={adding === "webcam" ? "Which number does the webcam show?" : whichNumber(adding.length)}
          label="Number"
          ok={adding === "webcam" ? "Go on" : "Add"}
          wrong={noNumber}
          onAnswer={(number) => {
            setAdding(null);
            if (number === null) return;
            if (adding === "webcam") setFilming(number);
            else void takeIn(adding.map((f) => ({ ...f, folder: number })));
          }}
        />
      )}
      {filming !== null && <Webcam into={filming} onClose={() => setFilming(null)} />}
    </article>
  );
}

export function whichNumber(n: number): string {
  return `Which number ${n === 1 ? "has this picture" : `have these ${n} pictures`}?`;
}

function numberOf({ given }: Member): number {
  return typeof given === "number" ? given : 0;
}

function rangeOf(sorted: readonly Member[]): string {
  const ends = [numberOf(sorted[0]!), numberOf(sorted.at(-1)!)].sort((a, b) => a - b).map(figure);
  return ends[0] === ends[1] ? `all ${ends[0]}` : `${ends[0]} to ${ends[1]}`;
}
