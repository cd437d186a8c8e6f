// What a person does with labels: move, give, add, take off.
import type { Label } from "headstart";
import { givenOf, labelOf, pin, place } from "./classes";
import { edit } from "./history";
import { NUMBERS, shown } from "./labels";
import { get, learner, realNames } from "./store";
import { noun } from "./task";
import { count } from "./words";

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
    return { steps: 1, says: `${count(changed.length, noun)} moved to ${to}.` };
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
  const groups = new Map<string, { label: Label; ids: string[] }>();
  for (const id of ids) {
    const before = namesOfSample(id);
    const names = [...new Set(become(before))];
    if (names.join("\n") === before.join("\n")) continue;
    const label = names.length === 1 && !several ? names[0]! : names;
    const key = JSON.stringify(label);
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
