/** A picture as the backbone reads it. */
export type Pixels = Uint8Array;
/** Token ids: a text as the backbone reads it, or a window of a long one. */
export type Tokens = readonly number[];

export const firstFew = (most: number) => (waiting: readonly Pixels[]) => Array.from({ length: Math.min(most, waiting.length) }, (_, i) => i);

/** The oldest, and those nearest to it in length: they are padded to the longest. `budget`: tokens, padding included. */
export function alike(waiting: readonly Tokens[], budget: number): number[] {
  const wanted = waiting[0]!.length;
  const apart = (i: number) => Math.abs(waiting[i]!.length - wanted);
  const order = waiting.map((_, i) => i).sort((a, b) => apart(a) - apart(b) || a - b);
  const chosen: number[] = [];
  let longest = 0;
  for (const i of order) {
    longest = Math.max(longest, waiting[i]!.length);
    if (chosen.length > 0 && (chosen.length + 1) * longest > budget) break;
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
  /** Of all, one after another. */
  ids: Uint32Array;
  /** Of each. */
  lengths: Uint32Array;
}

export function tokenBatch(texts: readonly Tokens[]): TokenBatch {
  return { ids: Uint32Array.from(texts.flat()), lengths: Uint32Array.from(texts, (ids) => ids.length) };
}
