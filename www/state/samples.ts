// What a person does with samples: take in, move, rename, delete, take back.
import type { Sample } from "headstart";
import type { Found } from "../intake/found";
import { isPinned, names, picturesOf, pin, place, refresh, unpin } from "./classes";
import { asJob } from "./jobs";
import { type Problem, get, learner, say, sentence, set } from "./store";
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
/** One import at a time; the next waits. */
let queue: Promise<unknown> = Promise.resolve();

export function fileOf(id: string): Blob | undefined {
  return files.get(id);
}

/** Bytes of the pictures that are in. */
export function bytesHeld(): number {
  return get().classes.reduce((sum, c) => c.pictures.reduce((s, p) => s + (files.get(p.id)?.size ?? 0), sum), 0);
}

/** Adds pictures; each has its class in `folder`. A burst of the webcam is one `group`. */
export function takeIn(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  const done = queue.then(() => add(found, group));
  queue = done;
  return done;
}

async function add(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  const unreadable: Problem[] = [];
  const ids: string[] = [];
  // Files of a zip are unpacked one by one, as fast as the learner takes them.
  async function* samples(): AsyncGenerator<Sample> {
    for (const { name, folder, open } of found) {
      try {
        const data = await open();
        const id = `${session}-${given++}`;
        files.set(id, data);
        ids.push(id);
        yield { data, id, name, label: folder, group };
      } catch (error) {
        unreadable.push({ name, code: "unreadable", message: sentence(error) });
      }
    }
  }
  const since = performance.now();
  const live = setInterval(() => {
    if (found.length <= SHOWN_LIVE) void refresh();
  }, 1000);
  const kept = "Stopped. The pictures taken in so far are kept.";
  await asJob("collect", "Taking in pictures", kept, async (signal, progress) => {
    const report = await learner().add(samples(), {
      signal,
      onProgress: ({ done }) => progress({ done, total: found.length }),
    });
    // The file of a duplicate or a broken picture is shown nowhere.
    report.ids.forEach((id, i) => id !== ids[i] && files.delete(ids[i]!));
    const problems = [...unreadable, ...report.rejected.map((r) => ({ name: r.name ?? `item ${r.index}`, code: r.code, message: r.message }))];
    set({ problems: [...get().problems, ...problems] });
    await refresh();
    const parts = [`${count(report.added.length, "picture")} added in ${((performance.now() - since) / 1000).toFixed(1)} s`];
    if (report.duplicates.length > 0) parts.push(`${count(report.duplicates.length, "was", "were")} here already`);
    if (problems.length > 0) parts.push(`${problems.length} left out, listed under Collect`);
    say(`${parts.join(", ")}.`);
  });
  clearInterval(live);
  await refresh();
  edited();
}

export async function move(ids: string[], to: string): Promise<void> {
  const from = new Set(get().classes.filter((c) => c.pictures.some((p) => ids.includes(p.id))).map((c) => c.name));
  if (ids.length === 0 || (from.size === 1 && from.has(to))) return;
  // A class that was emptied stays, to be filled again.
  from.forEach((name) => pin(name));
  place(to);
  await learner().relabel(ids, to);
  await refresh();
  edited();
  say(`${count(ids.length, "picture")} moved to ${to}.`);
}

export async function remove(ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await learner().remove(ids);
  await refresh();
  edited();
  say(`${count(ids.length, "picture")} removed.`);
}

export async function addClass(name: string): Promise<void> {
  const known = names().includes(name);
  pin(name);
  await refresh();
  say(known ? `There is a class ${name} already.` : `${name} is ready for pictures.`);
}

/** To the name of another class: the two become one. */
export async function rename(from: string, to: string): Promise<void> {
  if (to === "" || to === from) return;
  const merged = names().includes(to);
  const ids = picturesOf(from).map((p) => p.id);
  place(to, from);
  if (isPinned(from)) pin(to);
  unpin(from);
  if (ids.length > 0) {
    await learner().relabel(ids, to);
    edited();
  }
  await refresh();
  say(merged ? `${from} was merged into ${to}.` : `${from} is now ${to}.`);
}

export async function deleteClass(name: string): Promise<void> {
  const ids = picturesOf(name).map((p) => p.id);
  unpin(name);
  if (ids.length > 0) {
    await learner().remove(ids);
    edited();
  }
  await refresh();
  say(`${name} was deleted${ids.length > 0 ? ` with ${count(ids.length, "picture")}; Undo brings it back` : ""}.`);
}

export async function undo(): Promise<void> {
  if (await learner().undo()) {
    await refresh();
    set({ canRedo: true, stale: true });
    say("Taken back.");
  } else {
    set({ canUndo: false });
    say("There is nothing to take back.");
  }
}

export async function redo(): Promise<void> {
  if (await learner().redo()) {
    await refresh();
    set({ canUndo: true, stale: true });
    say("Done again.");
  } else {
    set({ canRedo: false });
    say("There is nothing to do again.");
  }
}

function edited(): void {
  set({ canUndo: true, canRedo: false, stale: true });
}
