import * as Plot from "@observablehq/plot";
import type { TuneGuard } from "headstart";
import { percent } from "../state/words";
import { plotted } from "./plotted";

type Row = TuneGuard["perClass"][number];

/** Of a name so many letters are read before the rest has to give way to the chart. */
const LETTERS = 16;

/** A line for each class, from an open dot (before) to a full one (after). */
export function draw(rows: readonly Row[], width: number, height: number): SVGSVGElement {
  const longest = Math.min(LETTERS, Math.max(...rows.map((row) => row.label.length)));
  // Dots may begin anywhere, as bars may not: near 100 % is where the differences are.
  const least = Math.min(...rows.flatMap((row) => [row.before, row.after]));
  const from = Math.max(0, Math.floor(10 * least - 0.5) / 10);
  return plotted({
    width,
    height,
    marginLeft: 16 + 8 * longest,
    marginTop: 12,
    marginRight: 24,
    marginBottom: 36,
    ariaLabel: "How much of each class was right, before and after",
    ariaDescription: rows.map((row) => `${row.label}: ${percent(row.before)}, then ${percent(row.after)}`).join("; "),
    x: { label: "right", domain: [from, 1], ticks: 5, tickFormat: (v: number) => `${Math.round(100 * v)} %`, grid: true },
    y: { label: null, type: "point", domain: rows.map((row) => row.label), tickFormat: short, tickSize: 0 },
    marks: [
      Plot.ruleY(rows, { x1: "before", x2: "after", y: "label", stroke: "var(--soft)", strokeWidth: 3, strokeOpacity: 0.5 }),
      // Full first and smaller: where nothing has changed, the open one is a ring around it.
      Plot.dot(rows, { x: "after", y: "label", fill: "var(--accent)", r: 4 }),
      Plot.dot(rows, { x: "before", y: "label", stroke: "var(--second)", strokeWidth: 2, r: 6 }),
    ],
  });
}

function short(label: string): string {
  return label.length > LETTERS ? `${label.slice(0, LETTERS - 1)}…` : label;
}
