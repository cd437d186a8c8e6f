import type { Progress } from "../../index";
import { HeadstartError } from "../errors";
import type { Session } from "../generated/headstart_learner.js";
import { type Kept, withContents } from "../kept";
import type { LearnerModule } from "../wasm";
import type { Origin } from "./origin";
import type { Files } from "./store";

/** Read together: enough that the storage is not asked one by one, few enough to hold twice. */
const TOGETHER = 256;

export interface Into {
  wasm: LearnerModule;
  session: Session;
  text: boolean;
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
  /** There are rows that are not those that were saved. */
  anew: boolean;
  /** The model is there again. */
  model: boolean;
  files: Files;
  /** Samples that could not be read, by name. */
  lost: string[];
}

/**
 * Samples, rows and model as they were. `same`: whether the saved rows are the present backbone's; if not, they are made again from
 * the sources.
 *
 * Errors: `backbone-differs` where sources are missing, `bad-project`.
 */
export async function restore(origin: Origin, same: boolean, into: Into): Promise<Restored> {
  const { wasm, session, signal, progress } = into;
  const { samples } = origin;
  if (same && origin.whole) {
    origin.whole(session);
    return { anew: false, model: origin.model !== undefined, files: origin.model?.files ?? {}, lost: [] };
  }
  const lost: string[] = [];
  let anew = !same;
  const sources = same || into.text ? undefined : await neededSources(origin);
  const stage = same ? "open project" : "features by another backbone";
  for (let i = 0; i < samples.length; i += TOGETHER) {
    const some = samples.slice(i, i + TOGETHER);
    const records: (Content | undefined)[] = await origin.contents(some.map(({ content }) => content));
    let done = 0;
    const found = await Promise.all(records.map(async (record, k) => {
      if (same && record) return record;
      anew = true;
      const { content } = some[k]!;
      const made = await into.contentAnew(content, record?.kept, sources?.get(content) ?? (await origin.source(content)));
      progress({ stage, done: i + ++done, total: samples.length });
      return made;
    }));
    some.forEach(({ id, content, label, name, group, slice }, k) => {
      const one = found[k];
      if (!one) return void lost.push(name ?? id);
      // `null` is no label to add with.
      const meta = { id, name: name ?? undefined, label: label ?? undefined, group: group ?? undefined, slice };
      withContents(wasm, [one.kept], (contents) => session.add(content, meta, one.row, contents, 0));
    });
    signal.throwIfAborted();
    if (same) progress({ stage, done: Math.min(i + TOGETHER, samples.length), total: samples.length });
  }
  // Its head and its novelty are of the saved rows.
  const model = same && lost.length === 0 ? origin.model : undefined;
  if (model) {
    session.restoreState(model.state);
    for (let i = 0; model.files.tuned && i < samples.length; i += TOGETHER) {
      const some = samples.slice(i, i + TOGETHER).map(({ content }) => content);
      (await origin.tunedRows(some)).forEach((row, k) => row && session.insertTuned(some[k]!, row));
    }
  }
  session.forgetHistory();
  return { anew, model: model !== undefined, files: model?.files ?? {}, lost };
}

async function neededSources({ samples, source }: Origin): Promise<Map<string, Blob>> {
  const found = new Map<string, Blob>();
  for (const { content } of samples) {
    const blob = await source(content);
    if (blob) found.set(content, blob);
  }
  const missing = samples.filter(({ content }) => !found.has(content));
  if (missing.length === 0) return found;
  const names = missing.slice(0, 3).map(({ name, id }) => name ?? id).join(", ");
  throw new HeadstartError(
    "backbone-differs",
    `this project's features are of another backbone, and the pictures to make them again are not in it (${missing.length} of ${samples.length}: ${names}${missing.length > 3 ? ", …" : ""}); open it with the backbone that it was made with`,
  );
}
