// Where a learner is restored from: the browser's storage, or a project file.
import { HeadstartError } from "../errors";
import type { Session } from "../generated/headstart_learner.js";
import type { Kept } from "../kept";
import type { LearnerModule } from "../wasm";
import { readBlob } from "../input";
import { type FileSettings, readHeader } from "./header";
import type { Lost } from "./restore";
import { type Known, modelBytes, sizeOf } from "./saver";
import { type ContentRecord, type Files, type ModelRecord, type ProjectRecord, type ProjectSettings, type SampleRecord, type Store, keysOf, read, readIfThere } from "./store";

/** What a content is learnt from; of a project in the storage as it is there. */
export type Found = Pick<ContentRecord, "row" | "kept"> & Partial<ContentRecord>;

export interface Origin {
  readonly settings: ProjectSettings & Pick<FileSettings, "created" | "model">;
  /** In their order. */
  readonly samples: readonly Omit<SampleRecord, "place">[];
  /** `undefined` for what is there no more, or lost. */
  contents(contents: readonly string[]): Promise<(Found | undefined)[]>;
  tunedRows(contents: readonly string[]): Promise<(Float32Array | undefined)[]>;
  /** `undefined` where there is none. Errors: `unreadable` where it is lost. */
  source(content: string): Promise<Blob | undefined>;
  /** All of it into a session that is empty, where the origin can do that by itself. */
  whole?(session: Session): void;
  readonly model: ModelRecord | undefined;
  end(): void;
}

/** `known` fills as it is read. Errors: `no-storage`, `unreadable` where the samples themselves are lost. */
export async function fromStore(store: Store, record: ProjectRecord): Promise<Origin & { known: Known }> {
  const { id } = record;
  const range = keysOf(id);
  const key = (part: string): [string, string] => [id, part];
  const [samples, tuned, model] = await Promise.all([
    read(store.getAll("samples", range)),
    read(store.getAllKeys("tuned", range)),
    readIfThere(store.get("models", id)),
  ]);
  samples.sort((a, b) => a.place - b.place);
  const known: Known = {
    samples,
    apart: new Map(),
    contents: new Map(),
    tuned: new Set(tuned.map(([, content]) => content)),
    model: model ? { bytes: modelBytes(model.state, model.files), files: model.files } : { bytes: 0, files: {} },
  };
  return {
    settings: record,
    samples,
    known,
    model,
    async contents(contents) {
      const records = await eachOf(contents, (content) => store.get("contents", key(content)));
      records.forEach((one, i) => one && one.of === undefined && known.contents.set(contents[i]!, sizeOf(one)));
      return records;
    },
    tunedRows: (contents) => eachOf(contents, (content) => store.get("tuned", key(content))),
    source: (content) => read(store.get("sources", key(content))),
    end: () => {},
  };
}

function eachOf<V>(contents: readonly string[], get: (content: string) => Promise<V | undefined>): Promise<(V | undefined)[]> {
  return Promise.all(contents.map((content) => readIfThere(get(content))));
}

/** What is known after restoring: samples that were left out are nobody's to change, those that were made again are to be written. */
export function asRestored(known: Known, lost: readonly Lost[]): Known {
  const apart = new Map(lost.map(({ content, id, record }) => [content, { id, record }]));
  return { ...known, apart, samples: known.samples.filter(({ content }) => known.contents.has(content) && !apart.has(content)) };
}

/** Errors: `bad-project`, `project-too-new`, `unreadable`. */
export async function fromFile(file: Blob, wasm: LearnerModule): Promise<Origin> {
  const { settings, head } = await readHeader(file);
  const project = new wasm.ProjectFile(await readBlob(file.slice(0, head)));
  if (project.length() !== file.size) throw new HeadstartError("bad-project", `this project file is cut off: it has ${file.size} of ${project.length()} bytes; copy it again`, "length");
  const sources = new Map((project.sources() as { content: string; type: string; offset: number; bytes: number }[]).map((one) => [one.content, one]));
  const samples = project.samples() as Omit<SampleRecord, "place">[];
  const state = project.state();
  return {
    settings,
    samples,
    contents: async (contents) => contents.map((content) => ({ row: project.row(content), kept: project.kept(content) as Kept })),
    tunedRows: async (contents) => contents.map((content) => project.tunedRow(content)),
    async source(content) {
      const at = sources.get(content);
      return at && file.slice(at.offset, at.offset + at.bytes, at.type);
    },
    whole: (session) => session.restoreProject(project),
    model: state.length > 0 ? { state, files: filesOf(project) } : undefined,
    end: () => project.free(),
  };
}

/** Where there are some. */
function filesOf(project: { tuned(): Uint8Array | undefined; target(): Uint8Array | undefined }): Files {
  const [tuned, target] = [project.tuned(), project.target()];
  return { ...(tuned && { tuned }), ...(target && { target }) };
}
