import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { say, sentence } from "../state/store";
import { AsTable } from "./AsTable";
import { SaveButtons } from "./SaveButtons";
import { inlined } from "./saveChart";
import { useStages } from "./useStages";

export type Draw<T> = (data: T, width: number, height: number) => SVGSVGElement;

interface Props<T> {
  title: string;
  /** In the names of its buttons and files. */
  name: string;
  data: T;
  /** The module that draws it, with the chart library: fetched when the first chart is drawn. Always the same function. */
  load: () => Promise<{ draw: Draw<T> }>;
  table: ReactNode;
  /** What it shows, in sentences. */
  children: ReactNode;
}

/** A chart with what it says in words, its numbers as a table, and the ways to take it along. */
export function ChartFigure<T>({ title, name, data, load, table, children }: Props<T>) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<SVGSVGElement | null>(null);
  // One chart a frame: each takes tens of milliseconds.
  const stage = useStages(1);
  useEffect(() => {
    if (stage < 1) return undefined;
    const box = place.current!;
    let [gone, drawn] = [false, 0];
    const draw = async () => {
      const { draw } = await load();
      const width = box.clientWidth;
      if (gone || width === 0 || width === drawn) return;
      drawn = width;
      const made = draw(data, width, box.clientHeight);
      box.replaceChildren(made);
      setChart(made);
    };
    // Tells the first size too.
    const resized = new ResizeObserver(() => void draw().catch((error: unknown) => say(sentence(error))));
    resized.observe(box);
    return () => {
      gone = true;
      resized.disconnect();
    };
  }, [stage, data, load]);
  return (
    <figure className="figure" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <div className="plot" ref={place} />
      <div className="says">{children}</div>
      <SaveButtons name={name} isDisabled={chart === null} make={() => inlined(chart!)} />
      <AsTable>{table}</AsTable>
    </figure>
  );
}
