import * as Plot from "@observablehq/plot";
import type { Interval, Report } from "headstart";
import { nouns } from "../state/task";
import { percent } from "../state/words";
import { plotted } from "./plotted";

type Point = Report["learningCurve"][number];

/** What was measured, and dashed what twice as many samples are likely to bring. */
export function draw({ points, doubled }: { points: readonly Point[]; doubled: Point | undefined }, width: number, height: number): SVGSVGElement {
  const last = points.at(-1)!;
  const ahead = doubled ? [last, doubled] : [];
  return plotted({
    width,
    height,
    marginLeft: 52,
    marginTop: 28,
    marginBottom: 36,
    marginRight: 24,
    ariaLabel: `Accuracy by ${nouns} of each class`,
    ariaDescription: describe(points, doubled),
    x: { type: "log", label: `${nouns} of each class, in the mean`, ticks: [...points, ...ahead.slice(1)].map((p) => p.perClass), tickFormat: (n: number) => n.toFixed(0) },
    y: { label: "right", grid: true, ticks: 5, tickFormat: (v: number) => `${Number((100 * v).toFixed(1))} %` },
    marks: [
      // The intervals first, so that the dots lie on them.
      Plot.ruleX(points, { x: "perClass", y1: low, y2: high, stroke: "var(--accent)", strokeWidth: 3, strokeOpacity: 0.4 }),
      Plot.ruleX(ahead.slice(1), { x: "perClass", y1: low, y2: high, stroke: "var(--second)", strokeWidth: 2, strokeDasharray: "2 3" }),
      Plot.line(points, { x: "perClass", y: middle, stroke: "var(--accent)" }),
      Plot.line(ahead, { x: "perClass", y: middle, stroke: "var(--second)", strokeDasharray: "5 3" }),
      Plot.dot(points, { x: "perClass", y: middle, fill: "var(--accent)", r: 3.5 }),
      Plot.dot(ahead.slice(1), { x: "perClass", y: middle, fill: "var(--card)", stroke: "var(--second)", r: 4 }),
    ],
  });
}

type Of = { accuracy: Interval };
const middle = ({ accuracy }: Of) => accuracy.value;
const low = ({ accuracy }: Of) => accuracy.low;
const high = ({ accuracy }: Of) => accuracy.high;

function describe(points: readonly Point[], doubled: Point | undefined): string {
  const at = ({ perClass, accuracy }: Point) => `${percent(accuracy.value)} with ${perClass.toFixed(0)}`;
  const words = points.map(at);
  if (doubled) words.push(`forecast: ${at(doubled)}`);
  return words.join(", ");
}
