import type { NumberReport, Report } from "headstart";
import { useState } from "react";
import { PlainTable } from "../parts/PlainTable";
import { Window } from "../parts/Window";
import { useFirst } from "../parts/useFirst";
import { figure } from "../state/labels";
import { noun, nouns, task } from "../state/task";
import { count, percent, range } from "../state/words";
import { PickedSamples } from "./PickedSamples";

type Slice = Report["slices"][number] | NumberReport["slices"][number];

/** Where the model does worse than elsewhere: dark pictures, long texts, one of the caller's tags. */
export function Slices({ slices }: { slices: readonly Slice[] }) {
  const [open, setOpen] = useState<Slice | null>(null);
  const [shown, more] = useFirst(worstFirst(slices));
  if (slices.length === 0) return null;
  const worse = slices.filter((s) => s.worse).length;
  return (
    <div className="slices">
      <h3>Is it worse on some {nouns}?</h3>
      <p className="note">
        {worse === 0 ? `On no part of the ${nouns} is it clearly worse than on the rest.` : `On ${count(worse, "part")} of the ${nouns} it is worse than on the rest, by more than chance explains.`} Press a
        number to see the {nouns}.
      </p>
      <PlainTable
        name="Results by part"
        inWords
        heads={["Part", task === "text" ? "Texts" : "Pictures", slices.some((s) => "mae" in s) ? "Off by" : "Right", "95 % interval", "Against the rest"]}
        rows={shown.map((slice) => [
          slice.auto ? named(slice) : `${named(slice)} (your tag)`,
          <button key="open" type="button" className="cell" aria-label={`${count(slice.support, noun)} with ${named(slice)}`} onClick={() => setOpen(slice)}>
            {slice.support}
          </button>,
          result(slice),
          "mae" in slice ? `${figure(slice.mae.low)} to ${figure(slice.mae.high)}` : range(slice.accuracy),
          slice.worse ? <strong className="warn">worse</strong> : "no clear difference",
        ])}
      />
      {more}
      {/* That of an earlier report may not exist in this one. */}
      {open && slices.includes(open) && (
        <Window title={`${count(open.ids.length, noun)} with ${named(open)}, ${result(open)} ${"mae" in open ? "off" : "right"}`} wide onClose={() => setOpen(null)}>
          <PickedSamples name={named(open)} ids={open.ids} onClose={() => setOpen(null)} />
        </Window>
      )}
    </div>
  );
}

function worstFirst(slices: readonly Slice[]): Slice[] {
  return [...slices].sort((a, b) => Number(b.worse) - Number(a.worse) || badness(b) - badness(a));
}

/** Higher is worse. */
function badness(slice: Slice): number {
  return "mae" in slice ? slice.mae.value : -slice.accuracy.value;
}

function result(slice: Slice): string {
  return "mae" in slice ? figure(slice.mae.value) : percent(slice.accuracy.value);
}

function named({ name, value }: Slice): string {
  return `${name}: ${value}`;
}
