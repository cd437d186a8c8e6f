// Where a learner is restored from: the browser's storage, or a project file.
import type { ProjectFile } from "../generated/headstart_learner.js";
import type { Kept } from "../kept";
import type { LearnerModule } from "../wasm";
import { readBlob } from "../input";
import { type FileSettings, readHeader } from "./header";
import { type Known, sizeOf } from "./saver";
import { type ProjectRecord, type ProjectSettings, type SampleRecord, type Store, keysOf } from "./store";

export interface Origin {
  readonly settings: ProjectSettings & Pick<FileSettings, "created" | "model">;
  /** In their order. */
  readonly samples: readonly Omit<SampleRecord, "place">[];
  /** Contents without a sample, that the model has learnt from. */
  readonly others: readonly string[];
  /** `undefined` for what is there no more. */
  contents(contents: readonly string[]): Promise<({ row: Float32Array; kept: Kept } | undefined)[]>;
  tunedRows(contents: readonly string[]): Promise<(Float32Array | undefined)[]>;
  source(content: string): Promise<Blob | undefined>;
  readonly model: { state: Uint8Array; tuned: Uint8Array | undefined } | undefined;
  end(): void;
}

/** `known` fills as it is read. */
export async function fromStore(store: Store, record: ProjectRecord): Promise<Origin & { known: Known }> {
  const { id } = record;
  const range = keysOf(id);
  const key = (part: string): [string, string] => [id, part];
  const [samples, keys, tuned, model] = await Promise.all([
    store.getAll("samples", range),
    store.getAllKeys("contents", range),
    store.getAllKeys("tuned", range),
    store.get("models", id),
  ]);
  samples.sort((a, b) => a.place - b.place);
  const live = new Set(samples.map(({ content }) => content));
  const known: Known = {
    samples,
    contents: new Map(),
    tuned: new Set(tuned.map(([, content]) => content)),
    model: { bytes: model ? model.state.length + (model.tuned?.length ?? 0) : 0, file: model?.tuned },
  };
  return {
    settings: record,
    samples,
    others: keys.map(([, content]) => content).filter((content) => !live.has(content)),
    known,
    model,
    async contents(contents) {
      const records = await eachOf(contents, (content) => store.get("contents", key(content)));
      records.forEach((one, i) => one && known.contents.set(contents[i]!, sizeOf(one)));
      return records;
    },
    tunedRows: (contents) => eachOf(contents, (content) => store.get("tuned", key(content))),
    source: (content) => store.get("sources", key(content)).catch(() => undefined),
    end: () => {},
  };
}

/** A record whose file the browser has lost fails by itself. */
function eachOf<V>(contents: readonly string[], get: (content: string) => Promise<V | undefined>): Promise<(V | undefined)[]> {
  return Promise.all(contents.map((content) => get(content).catch(() => undefined)));
}

/** Errors: `bad-project`, `project-too-new`, `unreadable`. */
export async function fromFile(file: Blob, wasm: LearnerModule): Promise<Origin> {
  const { settings, head } = await readHeader(file);
  const project: ProjectFile = new wasm.ProjectFile(await readBlob(file.slice(0, head)));
  const sources = new Map((project.sources() as { content: string; type: string; offset: number; bytes: number }[]).map((one) => [one.content, one]));
  const samples = project.samples() as Omit<SampleRecord, "place">[];
  const live = new Set(samples.map(({ content }) => content));
  const state = project.state();
  return {
    settings,
    samples,
    others: (project.contents() as string[]).filter((content) => !live.has(content)),
    contents: async (contents) => contents.map((content) => ({ row: project.row(content), kept: project.kept(content) as Kept })),
    tunedRows: async (contents) => contents.map((content) => project.tunedRow(content)),
    async source(content) {
      const at = sources.get(content);
      return at && file.slice(at.offset, at.offset + at.bytes, at.type);
    },
    model: state.length > 0 ? { state, tuned: project.tuned() } : undefined,
    end: () => project.free(),
  };
}
