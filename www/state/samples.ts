// What a person does with samples: take in, label, move, rename, delete.
import type { Label, Sample } from "headstart";
import type { Found } from "../intake/found";
import { textOfFile } from "../intake/table";
import { awaitClasses, awaitNone, givenOf, isPinned, labelOf, names, membersOf, pin, place, refresh, unpin } from "./classes";
import { edit, edited } from "./history";
import { asJob } from "./jobs";
import { drop, keep } from "./contents";
import { NUMBERS, shown } from "./labels";
import { type Problem, get, learner, realNames, say, sentence, set, total } from "./store";
import { noun, nouns } from "./task";
import { count } from "./words";

/**
 * So few are shown as they arrive. Of more, the end is waited for: with all cores at work, drawing a class holds the page
 * three times as long.
 */
const SHOWN_LIVE = 100;

/** A sample on its way in. */
interface Incoming {
  /** For messages. */
  readonly path: string;
  /** Reads or unpacks it. */
  readonly open: () => Promise<Sample & { data: Blob | string }>;
}

/** Adds pictures; each has its class in `folder`, which is empty for those that wait for a label. A burst of the webcam is one `group`. */
export function takeIn(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  const incoming = found.map(({ name, path, folder, open }) => ({ path, open: async () => ({ data: await open(), name, ...(folder === "" ? {} : { label: folder }), group }) }));
  return take(incoming, found.map(({ folder }) => folder).filter((folder) => folder !== ""));
}

/** Adds texts; `left` were left out on the way here. */
export function takeTexts(samples: readonly (Sample & { data: string })[], left: readonly Problem[] = []): Promise<void> {
  if (left.length > 0) set({ problems: [...get().problems, ...left] });
  return take(samples.map((sample) => ({ path: sample.name ?? sample.data, open: async () => sample })));
}

/** One text a file; the folder is its label. */
export function takeTextFiles(found: readonly Found[]): Promise<void> {
  return take(
    found.map((file) => ({
      path: file.path,
      open: async () => ({ data: await textOfFile(file), name: file.name, ...(file.folder === null ? {} : { label: file.folder }) }),
    })),
  );
}

/** `classes`: those that the samples are for, as far as it is known and they are shown as cards. */
function take(incoming: readonly Incoming[], classes: readonly string[] = []): Promise<void> {
  if (incoming.length === 0) return Promise.resolve();
  return edited(async () => {
    const before = total(get());
    const few = incoming.length <= SHOWN_LIVE;
    // One that fails is followed by another, at the end at the latest.
    const live = few ? setInterval(() => refresh().catch(() => {}), 1000) : undefined;
    try {
      if (few && classes.length > 0) {
        awaitClasses(new Set(classes));
        await refresh();
      }
      await add(incoming);
    } finally {
      clearInterval(live);
      awaitNone();
    }
    return { steps: (await learner().samples()).length === before ? 0 : 1 };
  });
}

async function add(incoming: readonly Incoming[]): Promise<void> {
  const problems: Problem[] = [];
  const ids: string[] = [];
  const paths: string[] = [];
  // Files of a zip are unpacked one by one, as fast as the learner takes them.
  async function* samples(): AsyncGenerator<Sample> {
    for (const { path, open } of incoming) {
      try {
        const sample = await open();
        const id = keep(sample.data);
        ids.push(id);
        paths.push(path);
        yield { ...sample, id };
      } catch (error) {
        problems.push({ name: path, code: codeOf(error), message: sentence(error) });
      }
    }
  }
  const since = performance.now();
  await asJob("collect", `Taking in ${nouns}`, `Stopped. The ${nouns} taken in so far are kept.`, async (signal, progress) => {
    const report = await learner().add(samples(), {
      signal,
      onProgress: ({ done }) => progress({ done, total: incoming.length }),
    });
    // A duplicate or a broken one is shown nowhere.
    report.ids.forEach((id, i) => id !== ids[i] && drop(ids[i]!));
    problems.push(...report.rejected.map(({ index, code, message }) => ({ name: paths[index]!, code, message })));
    await refresh();
    const parts = [`${count(report.added.length, noun)} added in ${((performance.now() - since) / 1000).toFixed(1)} s`];
    if (report.duplicates.length > 0) parts.push(`${count(report.duplicates.length, "was", "were")} here already`);
    if (report.truncated.length > 0) parts.push(`${count(report.truncated.length, "was", "were")} longer than the backbone reads and cut`);
    if (problems.length > 0) parts.push(`${problems.length} left out, listed under Collect`);
    say(`${parts.join(", ")}.`);
  });
  if (problems.length > 0) set({ problems: [...get().problems, ...problems] });
}

/** Ours, where it has one: the number that a DOMException has is none. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "unreadable";
}

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
async function relabelling(ids: readonly string[], become: Become): Promise<{ steps: number; changed: string[] }> {
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

export function remove(ids: string[]): Promise<void> {
  return edit(async () => {
    await learner().remove(ids);
    return { steps: ids.length > 0 ? 1 : 0, says: `${count(ids.length, noun)} removed.` };
  });
}

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
