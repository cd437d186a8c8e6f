import * as Plot from "@observablehq/plot";
import { percent, range } from "../state/words";
import { plotted } from "./plotted";

export interface Way {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A bar for each way of learning, its interval drawn over it. */
export function draw(ways: readonly Way[], width: number, height: number): SVGSVGElement {
  return plotted({
    width,
    height,
    marginLeft: 12,
    marginRight: 24,
    marginBottom: 36,
    ariaLabel: "How much was right, with and without the backbone",
    ariaDescription: ways.map((way) => `${way.name}: ${percent(way.value)}, ${range(way)}`).join("; "),
    x: { label: "right", domain: [0, 1], ticks: 5, tickFormat: (v: number) => `${Math.round(100 * v)} %`, grid: true },
    y: { label: null, axis: null, domain: ways.map((way) => way.name), padding: 0.55 },
    marks: [
      Plot.barX(ways, { x: "value", y: "name", fill: "var(--accent)" }),
      // On a light edge: over a bar the line would be lost.
      Plot.ruleY(ways, { x1: "low", x2: "high", y: "name", stroke: "var(--card)", strokeWidth: 7 }),
      Plot.ruleY(ways, { x1: "low", x2: "high", y: "name", stroke: "var(--second)", strokeWidth: 3 }),
      // Above the bar: beside it, a long name would leave no room for the bar on a narrow screen.
      Plot.text(ways, { x: 0, y: "name", text: "name", textAnchor: "start", dy: (-height / ways.length) * 0.33, fill: "var(--ink)" }),
    ],
  });
}
