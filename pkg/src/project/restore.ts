import type { Progress } from "../../index";
import { HeadstartError, toHeadstartError } from "../errors";
import type { Session } from "../generated/headstart_learner.js";
import { type Kept, withContents } from "../kept";
import type { LearnerModule } from "../wasm";
import type { Found, Origin } from "./origin";
import type { Files } from "./store";

/** Read together: enough that the storage is not asked one by one, few enough to hold twice. */
const TOGETHER = 256;
/** Errors that are one picture's own. */
const OF_ONE = ["unreadable", "bad-image", "unsupported-format", "image-too-large", "empty"];

export interface Into {
  wasm: LearnerModule;
  session: Session;
  text: boolean;
  /** `rowsOf` what is made now, and of what is saved. */
  rows: { now: string; saved: string };
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  /** By the backbone that is there now. `kept`: absent where the browser has lost it. `undefined` where it cannot be made again. */
  contentAnew(content: string, kept: Kept | undefined, source: Blob | undefined): Promise<Content | undefined>;
}

interface Content {
  row: Float32Array;
  kept: Kept;
}

export interface Restored {
  /** The saved rows are the present backbone's. */
  same: boolean;
  /** There are rows that are not those that were saved. */
  anew: boolean;
  /** The model is there again. */
  model: boolean;
  files: Files;
  /** Left out, and left as they are where they are saved. */
  lost: Lost[];
}

/** A sample that could not be read. */
export interface Lost {
  id: string;
  name: string | null;
  content: string;
  /** Says by `of` whose its row is. */
  record?: Found;
}

/**
 * Samples, rows and model as they were. Where the saved rows are not the present backbone's, they are made again from the sources.
 *
 * Errors: `backbone-differs` where sources are missing, `bad-project`, `no-storage`.
 */
export async function restore(origin: Origin, into: Into): Promise<Restored> {
  const { wasm, session, rows, signal, progress } = into;
  const { samples } = origin;
  const same = rows.now === rows.saved;
  if (same && origin.whole) {
    origin.whole(session);
    return { same, anew: false, model: origin.model !== undefined, files: origin.model?.files ?? {}, lost: [] };
  }
  const lost: Lost[] = [];
  let anew = !same;
  const sources = same || into.text ? undefined : await neededSources(origin);
  const stage = same ? "open project" : "features by another backbone";
  for (let i = 0; i < samples.length; i += TOGETHER) {
    const some = samples.slice(i, i + TOGETHER);
    const records = await origin.contents(some.map(({ content }) => content));
    let done = 0;
    const found = await Promise.all(records.map(async (record, k): Promise<Content | undefined> => {
      if (record && (record.of ?? rows.saved) === rows.now) return record;
      const { content } = some[k]!;
      const made = await unlessLost(async () => into.contentAnew(content, record?.kept, sources?.get(content) ?? (await origin.source(content))));
      anew ||= made !== undefined;
      progress({ stage, done: i + ++done, total: samples.length });
      return made;
    }));
    some.forEach(({ id, content, label, name, group, slice }, k) => {
      const one = found[k];
      const record = records[k];
      if (!one) return void lost.push({ id, name, content, ...(record && { record: { of: rows.saved, ...record } }) });
      // `null` is no label to add with.
      const meta = { id, name: name ?? undefined, label: label ?? undefined, group: group ?? undefined, slice };
      withContents(wasm, [one.kept], (contents) => session.add(content, meta, one.row, contents, 0));
    });
    signal.throwIfAborted();
    if (same) progress({ stage, done: Math.min(i + TOGETHER, samples.length), total: samples.length });
  }
  // Its head and its novelty are of the saved rows.
  const model = same ? restoredModel(origin, session) : undefined;
  if (model?.files.tuned) {
    const left = new Set(lost.map(({ content }) => content));
    const here = samples.map(({ content }) => content).filter((content) => !left.has(content));
    for (let i = 0; i < here.length; i += TOGETHER) {
      const some = here.slice(i, i + TOGETHER);
      (await origin.tunedRows(some)).forEach((row, k) => row && session.insertTuned(some[k]!, row));
    }
  }
  session.forgetHistory();
  return { same, anew, model: model !== undefined, files: model?.files ?? {}, lost };
}

/** Without one that cannot be read there are still the samples. */
function restoredModel({ model }: Origin, session: Session): Origin["model"] {
  try {
    if (model) session.restoreState(model.state);
    return model;
  } catch {
    return undefined;
  }
}

/** `undefined` where it is the picture's own fault that it cannot be read. */
async function unlessLost<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (OF_ONE.includes(toHeadstartError(error).code)) return undefined;
    throw error;
  }
}

async function neededSources({ samples, source }: Origin): Promise<Map<string, Blob>> {
  const found = new Map<string, Blob>();
  const missing: typeof samples[number][] = [];
  for (const sample of samples) {
    try {
      const blob = await source(sample.content);
      if (blob) found.set(sample.content, blob);
      else missing.push(sample);
    } catch (error) {
      // It is left out when its turn comes; the others need not wait for it.
      if (toHeadstartError(error).code !== "unreadable") throw error;
    }
  }
  if (missing.length === 0) return found;
  const names = missing.slice(0, 3).map(({ name, id }) => name ?? id).join(", ");
  throw new HeadstartError(
    "backbone-differs",
    `this project's features are of another backbone, and the pictures to make them again are not in it (${missing.length} of ${samples.length}: ${names}${missing.length > 3 ? ", …" : ""}); open it with the backbone that it was made with`,
  );
}
