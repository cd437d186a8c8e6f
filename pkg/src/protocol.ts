// What crosses the borders between page, learner worker and extractors.
import type {
  AdaptReport, DoctorReport, ErrorCode, Explanation, FineTuneCost, ImportOptions, Label, Learner, LearnerOptions, ModelInfo, Progress, Prediction, ProjectState, Report, SampleInfo, TrainEvent, TrainResult, TransferReport,
} from "../index";
import type { TokenBatch } from "./batches";
import type { Kept } from "./kept";
import type { Compiled, GivenCode } from "./wasm";

/** The first message of every worker: what it is, and the port it is reached by. */
export type Start = { role: "learner" | "extractor" | "tuner"; port: MessagePort };

/** A sample's content in a form that can cross. */
export type Input =
  | { text: string }
  | Picture;

export type Picture =
  | { blob: Blob }
  | { bitmap: ImageBitmap }
  | { pixels: Uint8ClampedArray; width: number; height: number };

export interface Meta {
  id?: string;
  name?: string;
  label?: Label;
  group?: string;
  slice: Record<string, string>;
}

/** The files of a pack by name, or their addresses. */
export type PackFiles = Record<string, Blob | Uint8Array | string>;

export interface OpenOptions {
  task: Learner["task"];
  longText: NonNullable<LearnerOptions["longText"]>;
  device: NonNullable<LearnerOptions["device"]>;
  backbone: string | PackFiles;
  /** The address of a folder; without it, files are beside the scripts. */
  assets?: string;
  wasm?: GivenCode;
  workers: number;
  seed: number;
  network: NonNullable<LearnerOptions["network"]>;
  /** Saved under this name. The page holds its lock. */
  project?: string;
  /** A project file to begin with. */
  file?: Blob;
}

/** What only the page can do for its worker. Calls go one way: worker → page. */
export interface Hooks {
  /** A fresh worker: its number, and the port to it. */
  spawn(role: Exclude<Start["role"], "learner">): Promise<{ id: number; port: MessagePort }>;
  retire(id: number): Promise<void>;
  progress(progress: Progress): Promise<void>;
  device(device: Learner["device"]): Promise<void>;
  /** `first`: it was saved for the first time. */
  project(state: ProjectState, first: boolean): Promise<void>;
  model(model: ModelInfo): Promise<void>;
}

/** What a learner is when it is open. */
export interface Opened extends Pick<Learner, "device" | "backbone" | "labels" | "model"> {
  project: ProjectState | null;
}

export interface Added {
  id: string;
  duplicate: boolean;
  /** Of a text that was not used to its end. */
  cut?: { tokens: number; kept: number };
  /** It is in memory only: the storage is full, or gone. */
  unsaved?: boolean;
}

export interface Embedded {
  content: string;
  /** By the stage that was asked for. */
  row: Float32Array;
  kept: Kept;
}

/** Samples from elsewhere: one of each for each. */
export interface Given {
  ids: string[];
  metas: Meta[];
  contents: string[];
  rows: Float32Array;
  kept: Kept[];
}

/** Of a target domain: with the contents of pictures that can be read again. */
export interface GivenTarget extends Given {
  again: string[];
}

/** Which backbone: as it came, as it was fine-tuned, or with batch norms estimated anew for a target domain. */
export type Stage = "frozen" | Moved;
export type Moved = "tuned" | "target";

/** By which backbone: the one that predicts, the one that came, or the one that samples are learnt by. */
export type Which = "current" | "frozen" | "samples";

/** A table as it was read, and how. */
export interface Table {
  format: "csv" | "tsv" | "jsonl" | "lines";
  header: boolean;
  columns: string[];
  text: string;
  label: string | null;
  samples: { text: string; label?: string; group?: string; slice: Record<string, string>; line: number }[];
  rejected: { line: number; code: ErrorCode; message: string }[];
}

/** A call is a number that the page gives to what belongs together, so that it can be aborted. */
export interface LearnerPort {
  open(call: number, options: OpenOptions, hooks: Hooks): Promise<Opened>;
  add(call: number, input: Input, meta: Meta): Promise<Added>;
  embed(call: number, input: Input, which: Which): Promise<Embedded>;
  samples(): Promise<SampleInfo[]>;
  data(ids: string[]): Promise<(Blob | string | null)[]>;
  save(): Promise<void>;
  rename(name: string): Promise<void>;
  /** `samples`: with their pictures. */
  exportProject(call: number, samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<Blob>;
  labels(): Promise<string[]>;
  relabel(ids: string[], label: Label | null): Promise<void>;
  remove(ids: string[]): Promise<void>;
  undo(): Promise<boolean>;
  redo(): Promise<boolean>;
  /** `emit` answers whether anybody still listens; if not, the training is dropped. */
  train(call: number, recipe: Record<string, unknown>, emit: (event: TrainEvent) => Promise<boolean>): Promise<TrainResult>;
  fineTune(call: number, recipe: Record<string, unknown>, emit: (event: TrainEvent) => Promise<boolean>): Promise<TrainResult>;
  fineTuneCost(call: number, recipe: Record<string, unknown>): Promise<FineTuneCost>;
  /** Of numbers it is another report: the face's types know. */
  evaluate(
    call: number,
    options: { folds: number; repeats?: number; seed?: number },
    progress: (progress: Progress) => Promise<void>,
  ): Promise<Omit<Report, "rejected">>;
  evaluateOn(given: Given): Promise<Omit<Report, "rejected">>;
  /** `read`: a picture of the target again, by its content id. */
  adapt(
    call: number,
    given: GivenTarget,
    progress: (progress: Progress) => Promise<void>,
    read: (content: string) => Promise<Input>,
  ): Promise<Omit<AdaptReport, "rejected">>;
  predict(rows: Float32Array, kept: Kept[], reject?: number): Promise<Prediction[]>;
  verdict(call: number, progress: (progress: Progress) => Promise<void>): Promise<TransferReport>;
  doctor(call: number, progress: (progress: Progress) => Promise<void>): Promise<DoctorReport>;
  explain(call: number, input: Input): Promise<Explanation>;
  projection(): Promise<{ id: string; x: number; y: number }[]>;
  importTexts(file: Uint8Array, options: ImportOptions): Promise<Table>;
  /** `samples`: whether its parity vectors are of samples. */
  exportFile(call: number, format: "safetensors" | "onnx", samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<Uint8Array<ArrayBuffer>>;
  /** What is the model's own in the page, in base64. */
  exportPage(call: number, samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<{ model: Blob; wasm: Blob }>;
  /** An extractor's worker has died without an answer. */
  broke(extractor: number, why: string): void;
  abort(call: number): void;
  end(call: number): void;
}

export interface Extracted {
  rows: Float32Array;
  seconds: number;
}

export interface ExtractorPort {
  load(options: {
    assets?: string;
    code: Compiled;
    manifest: string;
    /** Absent for a worker that only encodes. */
    weights?: Uint8Array;
    webgpu: boolean;
  }): Promise<void>;
  /** On a GPU: compiles what batches of `rows` need. */
  warmUp(rows: number, done: (parts: number, of: number) => void): Promise<void>;
  /** A picture's content id; the picture is kept for `encode`. */
  identify(input: Picture): Promise<string>;
  /** The picture that was identified last, as the backbone reads it. */
  encode(): Promise<{ pixels: Uint8Array; kept: Kept }>;
  use(stage: Moved, tensors?: { weights: Uint8Array; file: Uint8Array }): Promise<void>;
  extract(pixels: Uint8Array, rows: number, stage: Stage): Promise<Extracted>;
  extractTexts(batch: TokenBatch, stage: Stage): Promise<Extracted>;
  /** Of one picture: cell after cell, row by row from the top left, the features side by side. */
  featureMap(pixels: Uint8Array, stage: Stage): Promise<Float32Array>;
}

/** A sample's views where the trained stages begin, one after another, as f16. */
export interface Boundary {
  values: Uint16Array;
  views: number;
  /** Tokens of a text, 1 for a picture. */
  length: number;
}

export interface TuneProgress {
  stage: string;
  done: number;
  total: number;
  loss?: number;
  guard?: number;
}

/** What a training made: the features of all samples, and what the session wants to know besides. */
export interface TuneOutcome {
  features: Float32Array;
  rest: unknown;
}

export interface TunerPort {
  /** `tuned`: tensors that the stages begin with in the place of the pack's. */
  open(options: { assets?: string; code: Compiled; manifest: string; weights: Uint8Array; stages: number; webgpu: boolean; tuned?: Uint8Array }): Promise<void>;
  picture(pixels: Uint8Array, views: number, seed: number): Promise<Boundary>;
  text(ids: Uint32Array): Promise<Boundary>;
  push(sample: number, boundary: Boundary): Promise<void>;
  start(job: unknown): Promise<void>;
  /** Of the samples, the first `sources` are of the source, the others of the target. */
  startBatchNorm(sources: number): Promise<void>;
  /** A bounded piece of what was begun last; nothing when it is done. */
  step(): Promise<TuneProgress | undefined>;
  outcome(): Promise<TuneOutcome>;
  /** Of the target's samples, by batch norms estimated anew. */
  features(): Promise<Float32Array>;
  /** The tensors as they are now, a safetensors file. */
  file(): Promise<Uint8Array>;
}
