// Numbers in a few ranges, for what has room for a few kinds of marks only.
import { figure } from "../state/labels";

/** With more nobody tells their colours apart. */
const MOST = 5;

/** Ranges with about as many numbers in each, the smallest first. */
export function rangesOf(numbers: readonly number[]): { names: string[]; of: (number: number) => string } {
  const sorted = [...numbers].sort((a, b) => a - b);
  const different = [...new Set(sorted)];
  const starts = different.length <= MOST ? different : [...new Set(Array.from({ length: MOST }, (_, i) => sorted[Math.floor((i * sorted.length) / MOST)]!))];
  const names = starts.map((start, i) => {
    const end = sorted.findLast((number) => number < (starts[i + 1] ?? Infinity))!;
    return end === start ? figure(start) : `${figure(start)} to ${figure(end)}`;
  });
  return { names, of: (number) => names[starts.findLastIndex((start) => start <= number)]! };
}
