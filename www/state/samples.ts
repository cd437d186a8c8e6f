// What a person does with samples: take in, remove.
import type { Label, Sample } from "headstart";
import type { Found } from "../intake/found";
import { textOfFile } from "../intake/table";
import { awaitClasses, awaitNone, refresh } from "./classes";
import { type Deed, edit, edited } from "./history";
import { asJob } from "./jobs";
import { type Kind, goTogether, parsed } from "./labels";
import { labelling, turning } from "./labelling";
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

/**
 * Adds pictures; each has its class in `folder`, or its number where they get numbers. Empty, or no number, it waits for a
 * label. A burst of the webcam is one `group`.
 */
export function takeIn(found: readonly (Found & { folder: string })[], group?: string): Promise<void> {
  const incoming = found.map(({ name, path, folder, open }) => ({
    path,
    open: async () => ({ data: await open(), name, ...labelled(get().kind === "numbers" ? parsed(folder) : folder || null), group }),
  }));
  return take(incoming, get().kind === "numbers" ? [] : found.map(({ folder }) => folder).filter((folder) => folder !== ""));
}

function labelled(label: Label | null): Pick<Sample, "label"> {
  return label === null ? {} : { label };
}

/** What a table says: of pictures that came with it, `null` for those that it does not name; and of samples that are `here`. */
export interface Tabled {
  readonly kind: Kind;
  readonly pictures: readonly (Found & { readonly label: Label | null })[];
  readonly here: ReadonlyMap<string, Label>;
}

/** Adds the pictures and labels what is here, in one action. `left` are rows that say nothing of any picture. */
export function takeByTable({ kind, pictures, here }: Tabled, left: readonly Problem[]): Promise<void> {
  if (left.length > 0) set({ problems: [...get().problems, ...left] });
  const first = async () => {
    const turned = goTogether(kind, get().kind) ? 0 : (await turning(kind)).steps;
    // Labelling asks what they have now.
    if (turned > 0) await refresh();
    const { steps, changed } = await labelling(here).catch(async (error: unknown) => {
      for (let i = 0; i < turned; i++) await learner().undo();
      throw error;
    });
    return { steps: turned + steps, says: `${count(changed.length, noun)} labelled.` };
  };
  if (pictures.length === 0) return edited(first);
  const incoming = pictures.map(({ name, path, label, open }) => ({ path, open: async () => ({ data: await open(), name, ...labelled(label) }) }));
  return take(incoming, [], first);
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

/**
 * `classes`: those that the samples are for, as far as it is known and they are shown as cards. `first`: what belongs to
 * the same action; then samples that are here already get the label that they come with.
 */
function take(incoming: readonly Incoming[], classes: readonly string[] = [], first?: () => Promise<Deed>): Promise<void> {
  if (incoming.length === 0) return Promise.resolve();
  return edited(async () => {
    let steps = first ? (await first()).steps : 0;
    const before = total(get());
    const few = incoming.length <= SHOWN_LIVE;
    // One that fails is followed by another, at the end at the latest.
    const live = few ? setInterval(() => refresh().catch(() => {}), 1000) : undefined;
    try {
      if (few && classes.length > 0) {
        awaitClasses(new Set(classes));
        await refresh();
      }
      steps += await add(incoming, first !== undefined);
    } finally {
      clearInterval(live);
      awaitNone();
    }
    return { steps: steps + ((await learner().samples()).length === before ? 0 : 1) };
  });
}

/** `relabel`: those that are here already too. → the steps that this took. */
async function add(incoming: readonly Incoming[], relabel: boolean): Promise<number> {
  const problems: Problem[] = [];
  const labels: (Label | null)[] = [];
  let steps = 0;
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
        labels.push(sample.label ?? null);
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
    // The same picture twice in one import has the first one's label.
    const others = report.duplicates.filter(({ index, id }) => relabel && labels[index] != null && !report.added.includes(id));
    const again = await labelling(new Map(others.map(({ index, id }) => [id, labels[index]!])));
    steps = again.steps;
    if (steps > 0) await refresh();
    const parts = [`${count(report.added.length, noun)} added in ${((performance.now() - since) / 1000).toFixed(1)} s`];
    if (report.duplicates.length > 0) parts.push(`${count(report.duplicates.length, "was", "were")} here already`);
    if (again.changed.length > 0) parts.push(`${again.changed.length} of them got another label`);
    if (report.truncated.length > 0) parts.push(`${count(report.truncated.length, "was", "were")} longer than the backbone reads and cut`);
    if (report.unsaved.length > 0) parts.push(`${count(report.unsaved.length, "is", "are")} in this tab only`);
    if (problems.length > 0) parts.push(`${problems.length} left out, listed under Collect`);
    say(`${parts.join(", ")}.`);
  });
  if (problems.length > 0) set({ problems: [...get().problems, ...problems] });
  return steps;
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
