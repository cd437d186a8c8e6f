// Classes as the page shows them: the labels in use, and those a person has made or emptied and not deleted.
import type { Label, SampleInfo } from "headstart";
import { NONE_OF_THEM, NUMBERS, kindOf, namesOf, shown } from "./labels";
import { type Class, type Member, get, learner, set } from "./store";

/** Every name there was, in the order it is shown: a class that comes back by undo stands where it stood. */
const order: string[] = [];
/** Shown without samples too. */
const pinned = new Set<string>();
/** Shown while their samples are on the way: a card that comes with its first picture would push down what is below it. */
const awaited = new Set<string>();
/** The same object for the same sample, so that a list of thousands draws only what has changed. */
const known = new Map<string, Member>();

let latest = 0;

/**
 * Takes over the learner's samples as they are now, a class at a time: drawing the pictures of ten in one go would hold the
 * page for longer than a person fails to notice. Classes that are new come together, since each would push down what is
 * below it; their cards are drawn in stages.
 */
export async function refresh(): Promise<void> {
  const turn = ++latest;
  const samples = await learner().samples();
  set({ inGroups: samples.filter((s) => s.group !== null).length });
  const given = samples.filter((s) => s.label !== null).map((s) => s.label);
  // Of samples that all wait it is what they are to get.
  set({ kind: given.length > 0 ? kindOf(given) : get().kind === "numbers" ? "numbers" : "classes" });
  const groups = new Map<string, Member[]>();
  for (const member of samples.map(asMember)) {
    for (const name of member.names) {
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name)!.push(member);
    }
  }
  // Samples without a label are shown in a class without a name.
  if (groups.has("")) place("");
  for (const name of learner().labels) if (!order.includes(name)) order.push(name);
  for (const name of [NUMBERS, NONE_OF_THEM]) if (groups.has(name)) place(name);
  const classes = order.filter((name) => groups.has(name) || pinned.has(name) || awaited.has(name)).map((name) => asClass(name, groups.get(name) ?? []));
  const before = new Map(get().classes.map((c) => [c.name, c]));
  const shownNow = classes.map((c) => before.get(c.name) ?? c);
  set({ classes: shownNow });
  for (const [i, changed] of classes.entries()) {
    if (shownNow[i] === changed) continue;
    await nextTask();
    // A later refresh knows better.
    if (turn !== latest) return;
    set({ classes: classes.slice(0, i + 1).concat(shownNow.slice(i + 1)) });
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The same object for the same class too. */
function asClass(name: string, members: Member[]): Class {
  const before = get().classes.find((c) => c.name === name);
  const same = before && before.members.length === members.length && members.every((m, i) => m === before.members[i]);
  return same ? before : { name, members };
}

export function pin(name: string): void {
  pinned.add(name);
  place(name);
}

export function awaitClasses(names: Iterable<string>): void {
  for (const name of names) {
    awaited.add(name);
    place(name);
  }
}

export function awaitNone(): void {
  awaited.clear();
}

export function unpin(name: string): void {
  pinned.delete(name);
}

/** Gives a name its place in the order, if it has none. */
export function place(name: string, after?: string): void {
  if (!order.includes(name)) order.splice(after === undefined ? order.length : order.indexOf(after) + 1, 0, name);
}

export function unpinAll(): void {
  pinned.clear();
}

export function pinnedNow(): readonly string[] {
  return [...pinned].sort();
}

export function restorePinned(names: readonly string[]): void {
  pinned.clear();
  names.forEach((name) => pinned.add(name));
}

export function isPinned(name: string): boolean {
  return pinned.has(name);
}

export function names(): string[] {
  return get().classes.map((c) => c.name);
}

export function membersOf(name: string): readonly Member[] {
  return get().classes.find((c) => c.name === name)?.members ?? [];
}

function asMember({ id, name, label: given }: SampleInfo): Member {
  const before = known.get(id);
  if (before && isSame(before.given, given)) return before;
  const member = { id, name: name ?? id, given, label: shown(given), names: namesOf(given) };
  known.set(id, member);
  return member;
}

/** A list of labels is another object each time. */
function isSame(a: Label | null, b: Label | null): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((name, i) => name === b[i]));
}

/** Of a sample that is in, or was. */
export function labelOf(id: string): string {
  return known.get(id)?.label ?? "";
}

/** The same as the learner has it. */
export function givenOf(id: string): Label | null {
  return known.get(id)?.given ?? null;
}
