import * as Plot from "@observablehq/plot";
import type { NumberReport } from "headstart";
import { plotted } from "./plotted";

/** Each held-out sample's number, as it was said against as it is. */
export function draw(predictions: NumberReport["predictions"], width: number, height: number): SVGSVGElement {
  const all = predictions.flatMap(({ truth, predicted }) => [truth, predicted]);
  const ends = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))] as const;
  return plotted({
    width,
    height,
    marginLeft: 52,
    marginTop: 28,
    marginBottom: 36,
    marginRight: 24,
    ariaLabel: "What the model said against what was true",
    ariaDescription: `${predictions.length} held-out samples; the table below has the numbers.`,
    x: { label: "true", domain: ends, ticks: 5 },
    y: { label: "said", domain: ends, grid: true, ticks: 5 },
    marks: [
      Plot.line(ends.map((end) => [end, end]), { stroke: "var(--soft)", strokeDasharray: "4 4" }),
      Plot.dot(predictions, { x: "truth", y: "predicted", fill: "var(--accent)", fillOpacity: 0.7, r: 3 }),
    ],
  });
}
