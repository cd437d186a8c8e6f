// What a person does with labels: move, give, add, take off, turn classes into numbers and back.
import type { Label } from "headstart";
import { givenOf, labelOf, pin, place, unpinAll } from "./classes";
import { type Deed, edit } from "./history";
import { type Kind, NUMBERS, parsed, shown } from "./labels";
import { get, learner, realNames, set } from "./store";
import { noun, nouns } from "./task";
import { count } from "./words";

/** Of so many different numbers each can be a class. */
const FEW = 20;

/**
 * From a class to another, or to their first; of several labels `from` alone gives way. A class that was emptied stays, to
 * be filled again.
 */
export function move(ids: readonly string[], to: string, from?: string): Promise<void> {
  return relabelled(ids, (names) => (from !== undefined && names.length > 1 ? names.map((name) => (name === from ? to : name)) : [to]), (n) => `${count(n, noun)} moved to ${to}.`, to);
}

/** A label more, beside those that they have. */
export function alsoLabel(ids: readonly string[], name: string): Promise<void> {
  return relabelled(ids, (names) => [...names, name], (n) => `${count(n, noun)} also labelled ${name}.`, name);
}

/** Leaves the other labels. */
export function takeOff(ids: readonly string[], name: string): Promise<void> {
  return relabelled(ids, (names) => names.filter((other) => other !== name), (n) => `${name} was taken off ${count(n, noun)}.`);
}

/** Exactly that label, of whatever kind. */
export function give(ids: readonly string[], label: Label): Promise<void> {
  const to = shown(label);
  return edit(async () => {
    const changed = ids.filter((id) => labelOf(id) !== to);
    if (changed.length === 0) return { steps: 0 };
    keepEmptied(changed);
    await learner().relabel(changed, label);
    const n = count(changed.length, noun);
    return { steps: 1, says: typeof label === "number" ? `${n} ${changed.length === 1 ? "is" : "are"} now ${to}.` : `${n} moved to ${to}.` };
  });
}

type Become = (names: readonly string[]) => readonly string[];

function relabelled(ids: readonly string[], become: Become, says: (n: number) => string, to?: string): Promise<void> {
  return edit(async () => {
    const { steps, changed } = await relabelling(ids, become);
    if (steps === 0) return { steps };
    keepEmptied(changed);
    if (to !== undefined) place(to);
    return { steps, says: says(changed.length) };
  });
}

/** `become`: the labels of a sample → those that it is to have. One class each stays one class each. */
export async function relabelling(ids: readonly string[], become: Become): Promise<{ steps: number; changed: string[] }> {
  const several = get().kind === "labels";
  const wanted = new Map<string, Label>();
  for (const id of ids) {
    const before = namesOfSample(id);
    const names = [...new Set(become(before))];
    if (names.join("\n") !== before.join("\n")) wanted.set(id, names.length === 1 && !several ? names[0]! : names);
  }
  return labelling(wanted);
}

/** Each sample its own label; those that have it already are left alone. `null` has it wait for one. */
export async function labelling(wanted: ReadonlyMap<string, Label | null>): Promise<{ steps: number; changed: string[] }> {
  const groups = new Map<string, { label: Label | null; ids: string[] }>();
  for (const [id, label] of wanted) {
    const key = keyOf(label);
    if (key === keyOf(givenOf(id))) continue;
    if (!groups.has(key)) groups.set(key, { label, ids: [] });
    groups.get(key)!.ids.push(id);
  }
  let steps = 0;
  try {
    for (const group of groups.values()) {
      await learner().relabel(group.ids, group.label);
      steps++;
    }
  } catch (error) {
    // All or nothing, as the learner itself does it.
    while (steps-- > 0) await learner().undo();
    throw error;
  }
  return { steps, changed: [...groups.values()].flatMap((group) => group.ids) };
}

/** The order of several labels says nothing. */
function keyOf(label: Label | null): string {
  return JSON.stringify(Array.isArray(label) ? [...label].sort() : label);
}

/** What samples are to get from now on, for those that have a label too. */
export function choose(kind: Kind): Promise<void> {
  return edit(async () => {
    const { steps, kept, waiting } = await turning(kind);
    const what = kind === "numbers" ? "number" : "class";
    const one = `${nouns[0]!.toUpperCase()}${nouns.slice(1)} get a ${what} each.`;
    if (kept + waiting === 0) return { steps, says: one };
    const read = kept > 0 ? ` ${count(kept, noun)} got theirs from ${kind === "numbers" ? "the name of the class" : "the number"}.` : "";
    return { steps, says: `${one}${read}${waiting > 0 ? ` ${count(waiting, "waits", "wait")} for one.` : ""}` };
  });
}

/** A class whose name is a number becomes that number, and a number a class where there are few; the others wait for a label. */
export async function turning(kind: Kind): Promise<Pick<Deed, "steps"> & { kept: number; waiting: number }> {
  const given = get().classes.flatMap((c) => c.members.map((m) => [m.id, m.given] as const));
  const few = new Set(given.map(([, label]) => label)).size <= FEW;
  const wanted = new Map<string, Label | null>();
  for (const [id, label] of given) {
    if (label === null || (typeof label === "number") === (kind === "numbers")) continue;
    if (kind === "numbers") wanted.set(id, typeof label === "string" ? parsed(label) : null);
    else wanted.set(id, few ? String(label) : null);
  }
  const { steps } = await labelling(wanted);
  if (kind === "numbers") unpinAll();
  set({ kind });
  const kept = [...wanted.values()].filter((label) => label !== null).length;
  return { steps, kept, waiting: wanted.size - kept };
}

/** The labels that a sample has; none where it waits for one, or has a list with nothing in it. */
function namesOfSample(id: string): readonly string[] {
  const given = givenOf(id);
  return Array.isArray(given) ? given : typeof given === "string" ? [given] : [];
}

function keepEmptied(ids: readonly string[]): void {
  for (const { name, members } of get().classes) {
    if (realNames([{ name, members }]).length > 0 && name !== NUMBERS && members.some((m) => ids.includes(m.id))) pin(name);
  }
}
