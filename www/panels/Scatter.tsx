import { useMemo, useRef, useState } from "react";
import { Button, ToggleButton } from "react-aria-components";
import { AsTable } from "../parts/AsTable";
import { DotMap } from "../parts/DotMap";
import { type Mark, levelMarksOf, marksOf } from "../parts/marks";
import { mapSvg } from "../parts/mapSvg";
import { Outdated } from "../parts/Outdated";
import { Panel } from "../parts/Panel";
import type { Dot } from "../parts/placed";
import { PlainTable } from "../parts/PlainTable";
import { rangesOf } from "../parts/ranges";
import { SaveButtons } from "../parts/SaveButtons";
import { Seen } from "../parts/Seen";
import { useMembers } from "../parts/useMembers";
import { textOf } from "../state/contents";
import { type Place, drawMap, useMap } from "../state/map";
import { total, useRunning, useStore } from "../state/store";
import { noun, nouns } from "../state/task";
import { count } from "../state/words";
import { PickedSamples } from "./PickedSamples";

/** The samples from above: what lies among another class is worth a look. */
export function Scatter() {
  const { places, drawing, made } = useMap();
  const samples = useStore(total);
  const numbers = useStore((s) => s.kind === "numbers");
  const collecting = useRunning("collect");
  return (
    <Panel id="map" title="Map of your samples">
      <p className="soft">
        Each mark is a {noun}. Those that look alike to the backbone lie close together: a mark among {numbers ? "those with quite other numbers may have a wrong one" : "those of another class may have a wrong label"}.
        {places && ` It is a flat picture of something with many directions (the two in which the ${nouns} differ most: principal components), so not every neighbour here is one.`}
      </p>
      <div className="row">
        <Button className={places ? "button quiet" : "button"} isDisabled={samples < 3 || drawing || collecting} onPress={() => void drawMap()}>
          {places ? "Draw the map again" : "Draw the map"}
        </Button>
        {drawing && <p className="note">Drawing …</p>}
        {samples < 3 && <p className="note">It takes three {nouns} or more.</p>}
      </div>
      {places && (
        <Outdated made={made} of="this map">
          New ones are not on it. Labels are as they are now.
        </Outdated>
      )}
      {places && <Drawn key={`${made?.revision} ${made?.backbone}`} places={places} />}
    </Panel>
  );
}

interface Entry {
  readonly name: string;
  readonly mark: Mark;
  readonly dots: readonly Dot[];
}

function Drawn({ places }: { places: readonly Place[] }) {
  const known = useMembers();
  const classes = useStore((s) => s.classes);
  const numbers = useStore((s) => s.kind === "numbers");
  const box = useRef<HTMLDivElement>(null);
  // Each choice has its number: what is shown of one begins with all of it.
  const [{ picked, choice }, choose] = useState<{ picked: ReadonlySet<string>; choice: number }>({ picked: new Set(), choice: 0 });
  const setPicked = (next: Iterable<string>) => choose({ picked: new Set(next), choice: choice + 1 });
  const { dots, legend } = useMemo(() => {
    const ranges = rangesOf([...known.values()].flatMap(({ given }) => (typeof given === "number" ? given : [])));
    const marks = numbers ? levelMarksOf(ranges.names) : marksOf(classes.map((c) => c.name));
    const labelled = places.flatMap(({ id, x, y }) => {
      const member = known.get(id);
      // Of several labels the first.
      const label = typeof member?.given === "number" ? ranges.of(member.given) : member?.names[0];
      const mark = label === undefined ? undefined : marks.get(label);
      return mark ? [{ id, x, y, mark, label: label! }] : [];
    });
    const groups = Map.groupBy(labelled, (dot) => dot.label);
    const legend: Entry[] = [...marks].flatMap(([name, mark]) => (groups.has(name) ? [{ name, mark, dots: groups.get(name)! }] : []));
    return { dots: labelled as readonly Dot[], legend };
  }, [places, known, classes, numbers]);
  const pick = (ids: readonly string[], more: boolean) => setPicked(more ? [...picked, ...ids] : ids);
  const toggleOne = (id: string) => setPicked(picked.has(id) ? [...picked].filter((other) => other !== id) : [...picked, id]);
  const toggle = (entry: Entry, on: boolean) => {
    const ids = new Set(entry.dots.map((d) => d.id));
    setPicked(on ? [...picked, ...ids] : [...picked].filter((id) => !ids.has(id)));
  };
  const ids = dots.filter((d) => picked.has(d.id)).map((d) => d.id);
  return (
    <>
      <div className="mapped" ref={box}>
        <DotMap
          dots={dots}
          picked={picked}
          label={`Map of ${count(dots.length, noun)} in ${numbers ? count(legend.length, "range of numbers", "ranges of numbers") : count(legend.length, "class", "classes")}`}
          onPick={pick}
          onToggle={toggleOne}
          words={(id) => `${textOf(id) ?? known.get(id)!.name}, ${known.get(id)!.label || "no label"}`}
          show={(id) => (
            <>
              <Seen member={known.get(id)!} />
              <span className="note">{known.get(id)!.label || "no label"}</span>
            </>
          )}
        />
        <div className="legend" role="group" aria-label={numbers ? "Pick by number" : "Pick by class"}>
          <p className="note">Draw a rectangle over some to pick them (on a touch screen, start sideways), or press a {numbers ? "range" : "class"}. Shift adds to what is picked.</p>
          {legend.map((entry) => (
            <ToggleButton key={entry.name} className="button quiet small entry" isSelected={entry.dots.every((d) => picked.has(d.id))} onChange={(on) => toggle(entry, on)}>
              <svg viewBox="-6 -6 12 12" aria-hidden="true">
                <path d={entry.mark.shape} style={{ fill: `var(${entry.mark.colour})` }} />
              </svg>
              {nameOf(entry)}
              {numbers && ":"} {entry.dots.length.toLocaleString("en")}
            </ToggleButton>
          ))}
        </div>
      </div>
      <SaveButtons name="map" make={() => mapSvg(dots, legend.map((entry) => ({ name: nameOf(entry), mark: entry.mark })), box.current!)} />
      <AsTable>
        <PlainTable name={numbers ? "The map by number" : "The map by class"} heads={[numbers ? "Number" : "Class", "On the map", "Middle across", "Middle up"]} rows={legend.map((entry) => [nameOf(entry), entry.dots.length, mean(entry.dots, "x"), mean(entry.dots, "y")])} />
      </AsTable>
      {ids.length > 0 && (
        <div className="picked">
          <h3>{count(ids.length, noun)} picked</h3>
          <PickedSamples key={choice} name="Picked on the map" ids={ids} all onClose={() => setPicked([])} />
        </div>
      )}
    </>
  );
}

function nameOf({ name }: Entry): string {
  return name || "no label";
}

function mean(dots: readonly Dot[], axis: "x" | "y"): string {
  return (dots.reduce((sum, dot) => sum + dot[axis], 0) / dots.length).toFixed(2);
}
