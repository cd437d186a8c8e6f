// Classes as the page shows them: the labels in use, and those a person has made or emptied and not deleted.
import type { SampleInfo } from "headstart";
import { type Picture, get, learner, set } from "./store";

/** Every name there was, in the order it is shown: a class that comes back by undo stands where it stood. */
const order: string[] = [];
/** Shown without pictures too. */
const pinned = new Set<string>();
/** The same object for the same picture, so that a list of thousands draws only what has changed. */
const known = new Map<string, Picture>();

/** Takes over the learner's samples as they are now. */
export async function refresh(): Promise<void> {
  const samples = await learner().samples();
  const groups = Map.groupBy(samples.map(asPicture), (picture) => picture.label);
  for (const name of learner().labels) if (!order.includes(name)) order.push(name);
  const classes = order
    .filter((name) => groups.has(name) || pinned.has(name))
    .map((name) => ({ name, pictures: groups.get(name) ?? [] }));
  set({ classes });
}

export function pin(name: string, { after }: { after?: string } = {}): void {
  pinned.add(name);
  place(name, after);
}

export function unpin(name: string): void {
  pinned.delete(name);
}

/** Gives a name its place in the order, if it has none. */
export function place(name: string, after?: string): void {
  if (!order.includes(name)) order.splice(after === undefined ? order.length : order.indexOf(after) + 1, 0, name);
}

export function isPinned(name: string): boolean {
  return pinned.has(name);
}

export function names(): string[] {
  return get().classes.map((c) => c.name);
}

export function picturesOf(name: string): readonly Picture[] {
  return get().classes.find((c) => c.name === name)?.pictures ?? [];
}

function asPicture({ id, name, label }: SampleInfo): Picture {
  const before = known.get(id);
  if (before && before.label === label) return before;
  const picture = { id, name: name ?? id, label: label ?? "" };
  known.set(id, picture);
  return picture;
}
