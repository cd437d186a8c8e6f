import { type Mark, resolve } from "./marks";
import { type Dot, placed } from "./placed";
import { element, grounded } from "./saveChart";

const SIDE = 640;
const LINE = 20;

/** The map as a file, with the names of its classes under it. `near`: where its colours are those of the page. */
export function mapSvg(dots: readonly Dot[], classes: readonly { name: string; mark: Mark }[], near: Element): SVGSVGElement {
  const height = SIDE + LINE * (classes.length + 1);
  const chart = element("svg", { viewBox: `0 0 ${SIDE} ${height}`, "font-family": "system-ui, sans-serif", "font-size": 13 }) as SVGSVGElement;
  const colours = new Map(classes.map(({ mark }) => [mark.colour, resolve(mark.colour, near)]));
  const draw = ({ colour, shape }: Mark, x: number, y: number) =>
    chart.append(element("path", { d: shape, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, fill: colours.get(colour)! }));
  for (const { mark, x, y } of placed(dots, SIDE, SIDE)) draw(mark, x, y);
  for (const [i, { name, mark }] of classes.entries()) {
    const y = SIDE + LINE * (i + 1);
    draw(mark, 16, y - 4.5);
    chart.append(element("text", { x: 30, y, fill: resolve("--ink", near) }, name));
  }
  return grounded(chart, resolve("--card", near));
}
