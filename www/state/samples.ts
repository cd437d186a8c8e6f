// What a person does with samples: take in, move, rename, delete.
import type { Sample } from "headstart";
import type { Found } from "../intake/found";
import { isPinned, names, picturesOf, pin, place, refresh, unpin } from "./classes";
import { edit, edited } from "./history";
import { asJob } from "./jobs";
import { type Problem, get, learner, say, sentence, set, total } from "./store";
import { count } from "./words";

/** The files, for thumbnails. Those of removed samples stay: undo brings them back. */
const files = new Map<string, Blob>();
/**
 * So few are shown as they arrive. Of more, the end is waited for: with all cores at work, drawing a class holds the page
 * three times as long.
 */
const SHOWN_LIVE = 100;

let given = 0;
const session = Date.now().toString(36);

export function fileOf(id: string): Blob | undefined {
  return files.get(id);
}

/** Pictures that are kept, with those that undo could bring back, and their bytes. */
export function held(): { pictures: number; bytes: number } {
  let bytes = 0;
  for (const file of files.values()) bytes += file.size;
  return { pictures: files.size, bytes };
}

/** Adds pictures; each has its class in `folder`. A burst of the webcam is one `group`. */
export function takeIn(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  if (found.length === 0) return Promise.resolve();
  return edited(async () => {
    const before = total(get());
    // One that fails is followed by another, at the end at the latest.
    const live = found.length <= SHOWN_LIVE ? setInterval(() => refresh().catch(() => {}), 1000) : undefined;
    try {
      await add(found, group);
    } finally {
      clearInterval(live);
    }
    return { changed: (await learner().samples()).length !== before };
  });
}

async function add(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  const problems: Problem[] = [];
  const ids: string[] = [];
  const paths: string[] = [];
  // Files of a zip are unpacked one by one, as fast as the learner takes them.
  async function* samples(): AsyncGenerator<Sample> {
    for (const { name, path, folder, open } of found) {
      try {
        const data = await open();
        const id = `${session}-${given++}`;
        files.set(id, data);
        ids.push(id);
        paths.push(path);
        yield { data, id, name, label: folder, group };
      } catch (error) {
        problems.push({ name: path, code: "unreadable", message: sentence(error) });
      }
    }
  }
  const since = performance.now();
  await asJob("collect", "Taking in pictures", "Stopped. The pictures taken in so far are kept.", async (signal, progress) => {
    const report = await learner().add(samples(), {
      signal,
      onProgress: ({ done }) => progress({ done, total: found.length }),
    });
    // The file of a duplicate or a broken picture is shown nowhere.
    report.ids.forEach((id, i) => id !== ids[i] && files.delete(ids[i]!));
    problems.push(...report.rejected.map(({ index, code, message }) => ({ name: paths[index]!, code, message })));
    await refresh();
    const parts = [`${count(report.added.length, "picture")} added in ${((performance.now() - since) / 1000).toFixed(1)} s`];
    if (report.duplicates.length > 0) parts.push(`${count(report.duplicates.length, "was", "were")} here already`);
    if (problems.length > 0) parts.push(`${problems.length} left out, listed under Collect`);
    say(`${parts.join(", ")}.`);
  });
  if (problems.length > 0) set({ problems: [...get().problems, ...problems] });
}

export function move(ids: string[], to: string): Promise<void> {
  return edit(async () => {
    const from = new Set(get().classes.filter((c) => c.pictures.some((p) => ids.includes(p.id))).map((c) => c.name));
    if (ids.length === 0 || (from.size === 1 && from.has(to))) return { changed: false };
    await learner().relabel(ids, to);
    // A class that was emptied stays, to be filled again.
    from.forEach(pin);
    place(to);
    return { changed: true, says: `${count(ids.length, "picture")} moved to ${to}.` };
  });
}

export function remove(ids: string[]): Promise<void> {
  return edit(async () => {
    await learner().remove(ids);
    return { changed: ids.length > 0, says: `${count(ids.length, "picture")} removed.` };
  });
}

export function addClass(name: string): Promise<void> {
  return edit(async () => {
    const known = names().includes(name);
    pin(name);
    return { changed: false, says: known ? `There is a class ${name} already.` : `${name} is ready for pictures.` };
  });
}

/** To the name of another class: the two become one. */
export function rename(from: string, to: string): Promise<void> {
  return edit(async () => {
    const merged = names().includes(to);
    const ids = picturesOf(from).map((p) => p.id);
    if (ids.length > 0) await learner().relabel(ids, to);
    place(to, from);
    if (isPinned(from)) pin(to);
    unpin(from);
    return { changed: ids.length > 0, says: merged ? `${from} was merged into ${to}.` : `${from} is now ${to}.` };
  });
}

export function deleteClass(name: string): Promise<void> {
  return edit(async () => {
    const ids = picturesOf(name).map((p) => p.id);
    if (ids.length > 0) await learner().remove(ids);
    unpin(name);
    const also = ids.length > 0 ? ` with ${count(ids.length, "picture")}; Undo brings it back` : "";
    return { changed: ids.length > 0, says: `${name} was deleted${also}.` };
  });
}
