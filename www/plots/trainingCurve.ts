import * as Plot from "@observablehq/plot";
import { nouns } from "../state/task";
import type { CurvePoint } from "../state/store";
import { plotted } from "./plotted";

interface Training {
  readonly points: readonly CurvePoint[];
  /** What is minimised. */
  readonly loss: string;
  readonly unit: string;
}

/** Loss over the steps of a training. */
export function draw({ points, loss, unit }: Training, width: number, height: number): SVGSVGElement {
  const fitted = points.filter((p) => p.loss !== undefined);
  const held = points.filter((p) => p.guard !== undefined);
  return plotted({
    width,
    height,
    marginLeft: 48,
    marginTop: 28,
    ariaLabel: `${loss} by step`,
    ariaDescription: describe(fitted, held),
    x: { label: "step", ticks: 5 },
    y: { label: `${loss.toLowerCase()}${unit}`, grid: true, zero: true, ticks: 5 },
    marks: [
      Plot.line(fitted, { x: "step", y: "loss", stroke: "var(--accent)" }),
      Plot.line(held, { x: "step", y: "guard", stroke: "var(--second)", strokeDasharray: "5 3" }),
      Plot.dot(held, { x: "step", y: "guard", fill: "var(--second)", r: 2 }),
    ],
  });
}

function describe(fitted: readonly CurvePoint[], held: readonly CurvePoint[]): string {
  const last = fitted.at(-1)?.loss;
  const best = Math.min(...held.map((p) => p.guard!));
  const words = [`${fitted.length} steps`];
  if (last !== undefined) words.push(`${last.toFixed(3)} at the last on the fitted ${nouns}`);
  if (held.length > 0) words.push(`${best.toFixed(3)} at the best on held-out ones`);
  return words.join(", ");
}
