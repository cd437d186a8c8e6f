import * as Plot from "@observablehq/plot";
import type { Report } from "headstart";
import { noun } from "../state/task";
import { plotted } from "./plotted";

/** How often it was right against how sure it was, a dot for each bin, larger where more samples are behind it. */
export function draw(bins: Report["reliability"], width: number, height: number): SVGSVGElement {
  const share = (label: string) => ({ label, domain: [0, 1], ticks: 5, tickFormat: (v: number) => `${Math.round(100 * v)} %` });
  return plotted({
    width,
    height,
    marginLeft: 48,
    marginTop: 28,
    marginBottom: 36,
    marginRight: 24,
    ariaLabel: "How often the model was right against how sure it was",
    ariaDescription: `${bins.length} bins; the table below has the numbers.`,
    x: share("how sure it was"),
    y: { ...share(`${noun}s it was right about`), grid: true },
    r: { range: [2, 8] },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "var(--soft)", strokeDasharray: "4 4" },
      ),
      Plot.line(bins, { x: "confidence", y: "accuracy", stroke: "var(--accent)" }),
      Plot.dot(bins, { x: "confidence", y: "accuracy", r: "count", fill: "var(--accent)" }),
    ],
  });
}
