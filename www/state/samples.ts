// What a person does with samples: take in, remove.
import type { Sample } from "headstart";
import type { Found } from "../intake/found";
import { textOfFile } from "../intake/table";
import { awaitClasses, awaitNone, refresh } from "./classes";
import { edit, edited } from "./history";
import { asJob } from "./jobs";
import { drop, keep } from "./contents";
import { type Problem, get, learner, say, sentence, set, total } from "./store";
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
    if (report.unsaved.length > 0) parts.push(`${count(report.unsaved.length, "is", "are")} in this tab only`);
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

export function remove(ids: string[]): Promise<void> {
  return edit(async () => {
    await learner().remove(ids);
    return { steps: ids.length > 0 ? 1 : 0, says: `${count(ids.length, noun)} removed.` };
  });
}
