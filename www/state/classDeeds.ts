// What a person does with classes: make, rename, merge, delete.
import { isPinned, membersOf, names, pin, place, unpin } from "./classes";
import { edit } from "./history";
import { relabelling } from "./labelling";
import { learner } from "./store";
import { noun, nouns } from "./task";
import { count } from "./words";

export function addClass(name: string): Promise<void> {
  return edit(async () => {
    const known = names().includes(name);
    pin(name);
    return { steps: 0, says: known ? `There is a class ${name} already.` : `${name} is ready for ${nouns}.` };
  });
}

/** To the name of another class: the two become one. */
export function rename(from: string, to: string): Promise<void> {
  return edit(async () => {
    const says = names().includes(to) ? `${from} was merged into ${to}.` : `${from} is now ${to}.`;
    const ids = membersOf(from).map((p) => p.id);
    const { steps } = await relabelling(ids, (names) => (names.length === 0 ? [to] : names.map((name) => (name === from ? to : name))));
    place(to, from);
    if (isPinned(from)) pin(to);
    unpin(from);
    return { steps, says };
  });
}

export function deleteClass(name: string): Promise<void> {
  return edit(async () => {
    const ids = membersOf(name).map((p) => p.id);
    if (ids.length > 0) await learner().remove(ids);
    unpin(name);
    const also = ids.length > 0 ? ` with ${count(ids.length, noun)}; Undo brings it back` : "";
    return { steps: ids.length > 0 ? 1 : 0, says: `${name} was deleted${also}.` };
  });
}
