// The map's dots on a surface of some size, and which of them are where a person has pointed.
import type { Mark } from "./marks";

export interface Dot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly mark: Mark;
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const MARGIN = 12;
/** Pixels from a dot within which a press means it. */
const NEAR = 14;

/** The same scale on both axes, or what is near would look far. */
export function placed(dots: readonly Dot[], width: number, height: number): Dot[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of dots) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const scale = Math.min((width - 2 * MARGIN) / (right - left || 1), (height - 2 * MARGIN) / (bottom - top || 1));
  const at = (v: number, from: number, to: number, room: number) => room / 2 + (v - (from + to) / 2) * scale;
  // Upwards is more.
  return dots.map((dot) => ({ ...dot, x: at(dot.x, left, right, width), y: height - at(dot.y, top, bottom, height) }));
}

export function within(dots: readonly Dot[], { left, top, right, bottom }: Area): string[] {
  return dots.filter(({ x, y }) => x >= left && x <= right && y >= top && y <= bottom).map((d) => d.id);
}

export function nearest(dots: readonly Dot[], x: number, y: number): string[] {
  let [best, least] = [null as Dot | null, NEAR];
  for (const dot of dots) {
    const distance = Math.hypot(dot.x - x, dot.y - y);
    if (distance <= least) [best, least] = [dot, distance];
  }
  return best ? [best.id] : [];
}

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** The dot that someone means who goes from one in a direction: near, and rather straight ahead than aside. */
export function beside(dots: readonly Dot[], from: Dot, direction: Direction): Dot | null {
  const across = direction === "ArrowLeft" || direction === "ArrowRight";
  const sign = direction === "ArrowLeft" || direction === "ArrowUp" ? -1 : 1;
  let [best, least] = [null as Dot | null, Infinity];
  for (const dot of dots) {
    const ahead = sign * (across ? dot.x - from.x : dot.y - from.y);
    const aside = Math.abs(across ? dot.y - from.y : dot.x - from.x);
    if (dot.id === from.id || ahead <= 0) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) [best, least] = [dot, cost];
  }
  return best;
}
