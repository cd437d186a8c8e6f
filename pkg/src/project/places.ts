/**
 * Where each of `ids` stands: as it is `known`, and what is new between its neighbours. Numbers and not a list of ids, because a list of
 * ten thousand would be written again with every sample.
 */
export function places(ids: readonly string[], known: ReadonlyMap<string, { place: number }>): number[] {
  const found = ids.map((id) => known.get(id)?.place);
  const out: number[] = [];
  let last = -Infinity;
  for (let i = 0; i < ids.length; ) {
    let end = i;
    while (end < ids.length && found[end] === undefined) end++;
    const next = found[end] ?? Infinity;
    const run = end - i;
    const step = last === -Infinity || next === Infinity ? 1 : (next - last) / (run + 1);
    const first = last === -Infinity ? (next === Infinity ? 0 : next - run) : last + step;
    for (let k = 0; k < run; k++) out.push(first + k * step);
    if (end < ids.length) out.push(next);
    i = end + 1;
    last = next;
  }
  // Halved so often between two that there is no number left, or another order than the one that was saved.
  return out.every((place, i) => i === 0 || place > out[i - 1]!) ? out : ids.map((_, i) => i);
}
