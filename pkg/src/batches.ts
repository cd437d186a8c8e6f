/** A picture as the backbone reads it. */
export type Pixels = Uint8Array;
/** A text as the backbone reads it: token ids, one list a window. */
export interface Tokens {
  windows: number[][];
  /** Of the whole text, and of what is used of it. */
  tokens: number;
  kept: number;
}

export const firstFew = (most: number) => (waiting: readonly Pixels[]) => Array.from({ length: Math.min(most, waiting.length) }, (_, i) => i);

/** The oldest, and those nearest to it in length: they are padded to the longest. `budget`: tokens, padding included. */
export function alike(waiting: readonly Tokens[], budget: number): number[] {
  const wanted = longest(waiting[0]!);
  const apart = (i: number) => Math.abs(longest(waiting[i]!) - wanted);
  const order = waiting.map((_, i) => i).sort((a, b) => apart(a) - apart(b) || a - b);
  const chosen: number[] = [];
  let [windows, length] = [0, 0];
  for (const i of order) {
    windows += waiting[i]!.windows.length;
    length = Math.max(length, longest(waiting[i]!));
    if (chosen.length > 0 && windows * length > budget) break;
    chosen.push(i);
  }
  return chosen;
}

export function joined(pictures: Pixels[]): Uint8Array {
  const size = pictures[0]!.length;
  const all = new Uint8Array(size * pictures.length);
  pictures.forEach((pixels, i) => all.set(pixels, i * size));
  return all;
}

/** What crosses to an extractor. */
export interface TokenBatch {
  /** Of all windows, one after another. */
  ids: Uint32Array;
  /** Of each window. */
  lengths: Uint32Array;
  /** Of each text. */
  windows: Uint32Array;
}

export function tokenBatch(texts: Tokens[]): TokenBatch {
  const all = texts.flatMap(({ windows }) => windows);
  return {
    ids: Uint32Array.from(all.flat()),
    lengths: Uint32Array.from(all, (window) => window.length),
    windows: Uint32Array.from(texts, ({ windows }) => windows.length),
  };
}

function longest({ windows }: Tokens): number {
  return Math.max(...windows.map((window) => window.length));
}
