import type { Explanation } from "headstart";
import { useEffect, useRef } from "react";
import { resolve } from "../parts/marks";

export type Heatmap = NonNullable<Explanation["heatmap"]>;

/** Pixels of the drawing; the browser scales it to the picture. */
const SIDE = 224;
/** At most so much covers the picture, or nobody sees what it is about. */
const COVER = 170;

/** What spoke for and against the answer, laid over the square in the middle that the backbone saw. `said`: the first in words. */
export function Heat({ heatmap, said }: { heatmap: Heatmap; said: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => draw(canvas.current!, heatmap), [heatmap]);
  return (
    <div className="heat">
      <canvas ref={canvas} width={SIDE} height={SIDE} role="img" aria-label={`${said}: most of it ${strongest(heatmap)}`} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, { data, width, height }: Heatmap): void {
  const colours = ["--heat-for", "--heat-against"].map((token) => channels(resolve(token, canvas.parentElement!)));
  const most = data.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
  const cells = new ImageData(width, height);
  data.forEach((v, i) => cells.data.set([...colours[v >= 0 ? 0 : 1]!, (COVER * Math.abs(v)) / most], 4 * i));
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d")!.putImageData(cells, 0, 0);
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, SIDE, SIDE);
}

/** Of "rgb(1, 2, 3)". */
function channels(colour: string): number[] {
  return colour.match(/\d+/g)!.slice(0, 3).map(Number);
}

/** Where in the picture, in words. */
export function strongest({ data, width, height }: Heatmap): string {
  const at = data.indexOf(data.reduce((m, v) => Math.max(m, v), -Infinity));
  const third = (i: number, n: number) => Math.min(2, Math.floor((3 * (i + 0.5)) / n));
  const [row, column] = [third(Math.floor(at / width), height), third(at % width, width)];
  if (row === 1 && column === 1) return "in the middle";
  return ["at the top", "halfway down", "at the bottom"][row]! + ["", ", on the left", ", in the middle", ", on the right"][column + 1]!;
}
