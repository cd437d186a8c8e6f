// Where a learner is restored from: the browser's storage, or a project file.
import { HeadstartError } from "../errors";
import type { Session } from "../generated/headstart_learner.js";
import type { Kept } from "../kept";
import type { LearnerModule } from "../wasm";
import { readBlob } from "../input";
import { type FileSettings, readHeader } from "./header";
import { type Known, modelBytes, sizeOf } from "./saver";
import { type Files, type ModelRecord, type ProjectRecord, type ProjectSettings, type SampleRecord, type Store, keysOf } from "./store";

export interface Origin {
  readonly settings: ProjectSettings & Pick<FileSettings, "created" | "model">;
  /** In their order. */
  readonly samples: readonly Omit<SampleRecord, "place">[];
  /** `undefined` for what is there no more. */
  contents(contents: readonly string[]): Promise<({ row: Float32Array; kept: Kept } | undefined)[]>;
  tunedRows(contents: readonly string[]): Promise<(Float32Array | undefined)[]>;
  source(content: string): Promise<Blob | undefined>;
  /** All of it into a session that is empty, where the origin can do that by itself. */
  whole?(session: Session): void;
  readonly model: ModelRecord | undefined;
  end(): void;
}

/** `known` fills as it is read. */
export async function fromStore(store: Store, record: ProjectRecord): Promise<Origin & { known: Known }> {
  const { id } = record;
  const range = keysOf(id);
  const key = (part: string): [string, string] => [id, part];
  const [samples, tuned, model] = await Promise.all([
    store.getAll("samples", range),
    store.getAllKeys("tuned", range),
    store.get("models", id),
  ]);
  samples.sort((a, b) => a.place - b.place);
  const known: Known = {
    samples,
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
