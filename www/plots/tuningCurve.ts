import * as Plot from "@observablehq/plot";
import { type TunePoint, byPart, numberOf } from "../state/tuning";
import { plotted } from "./plotted";

/** Loss over the updates of each training: those of the guard lie over each other, so a number says which is which. */
export function draw(points: readonly TunePoint[], width: number, height: number): SVGSVGElement {
  const fitted = points.filter((p) => p.loss !== undefined);
  const held = points.filter((p) => p.guard !== undefined);
  const ends = byPart(held).map(([, seen]) => seen.at(-1)!);
  return plotted({
    width,
    height,
    marginLeft: 48,
    marginTop: 28,
    marginRight: 28,
    ariaLabel: "Loss by update, of each training",
    ariaDescription: describe(fitted, ends),
    x: { label: "update", ticks: 5, tickFormat: (n: number) => (Number.isInteger(n) ? String(n) : "") },
    y: { label: "loss", grid: true, zero: true, ticks: 5 },
    marks: [
      Plot.line(fitted, { x: "step", y: "loss", z: "part", stroke: "var(--accent)", strokeOpacity: 0.8, strokeWidth: 1.25 }),
      Plot.line(held, { x: "step", y: "guard", z: "part", stroke: "var(--second)", strokeDasharray: "5 3" }),
      Plot.dot(held, { x: "step", y: "guard", fill: "var(--second)", r: 2.5 }),
      Plot.text(ends, { x: "step", y: "guard", text: (p: TunePoint) => String(numberOf(p.part) ?? ""), dx: 8, textAnchor: "start", fill: "var(--second)" }),
    ],
  });
}

function describe(fitted: readonly TunePoint[], ends: readonly TunePoint[]): string {
  const words = [`${fitted.length} updates`];
  for (const { part, guard } of ends) words.push(`${part}: ${guard!.toFixed(3)} at the last on held-out samples`);
  return words.join(", ");
}
