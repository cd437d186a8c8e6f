import type { Report } from "headstart";
import { resolve } from "./marks";
import { element, grounded } from "./saveChart";

const CELL = 56;
const LINE = 18;
/** Of a name; longer ones are cut with dots. */
const LETTERS = 22;

/** The confusion matrix as a file, with what its sides mean. `near`: where its colours are those of the page. */
export function confusionSvg({ labels, counts }: Report["confusion"], near: Element): SVGSVGElement {
  const [ink, soft, accent, wrong, line] = ["--ink", "--soft", "--accent", "--wrong", "--line"].map((token) => resolve(token, near)) as [string, string, string, string, string];
  const names = labels.map((label) => (label.length > LETTERS ? `${label.slice(0, LETTERS - 1)}…` : label));
  const margin = 24 + 8 * Math.max(4, ...names.map((name) => name.length));
  const side = labels.length * CELL;
  const [width, height] = [margin + side + 16, margin + side + 2 * LINE];
  const chart = element("svg", { viewBox: `0 0 ${width} ${height}`, "font-family": "system-ui, sans-serif", "font-size": 13 }) as SVGSVGElement;
  counts.forEach((row, truth) => {
    const sum = row.reduce((a, b) => a + b, 0);
    const y = margin + truth * CELL;
    chart.append(element("text", { x: margin - 8, y: y + CELL / 2 + 4, "text-anchor": "end", fill: ink }, names[truth]));
    // Names of columns stand upright, so that long ones have room.
    const x = margin + truth * CELL + CELL / 2 + 4;
    chart.append(element("text", { transform: `translate(${x} ${margin - 8}) rotate(-90)`, fill: ink }, names[truth]));
    row.forEach((n, called) => {
      const x = margin + called * CELL;
      const at = { x, y, width: CELL, height: CELL };
      chart.append(
        element("rect", { ...at, fill: truth === called ? accent : wrong, "fill-opacity": (sum > 0 ? (0.4 * n) / sum : 0).toFixed(3) }),
        element("rect", { ...at, fill: "none", stroke: line }),
        element("text", { x: x + CELL / 2, y: y + CELL / 2 + 4, "text-anchor": "middle", fill: ink }, String(n)),
      );
    });
  });
  chart.append(element("text", { x: 8, y: height - LINE / 2, fill: soft }, "rows: what it is; columns: what it was called"));
  return grounded(chart, resolve("--card", near));
}
