/// <reference lib="esnext.disposable" />
/** Predicts with what `learner.export("safetensors")` made: in a page, in a worker, in Node. Runs on the CPU; nothing leaves the machine. */
import type { CallOptions, Label, Prediction, SampleData } from "./index.js";

export { HeadstartError } from "./index.js";
export type { CallOptions, ErrorCode, Label } from "./index.js";

/**
 * Opens an export. Its bytes are checked before anything is predicted: `bad-export` for what is none or is not whole, `export-too-new` for
 * one of a later Headstart. It works on the thread that opens it, about a tenth of a second a picture, and lets others in between two items: where that
 * would be felt, open it in a worker.
 */
export function openExport<L extends Label = Label>(source: ExportSource, options?: OpenExportOptions): Promise<OpenedExport<L>>;

/** The file, or the answer to a request for it. In Node: `await readFile("model.safetensors")`. */
export type ExportSource = Uint8Array | ArrayBuffer | Blob | Response;

export interface OpenExportOptions {
  /** The folder that the wasm files are served from, relative to the page. Default: beside `predict.js`. */
  assets?: string | URL;
  /** The module (`headstart_cpu_bg.wasm`), for hosts that cannot fetch it. The one with relaxed SIMD is not looked for then. */
  wasm?: BufferSource | WebAssembly.Module;
}

/**
 * For texts: a string, or UTF-8 as bytes or Blob. For pictures: a file as bytes or Blob (JPEG, PNG, WebP, GIF, BMP; in a browser what
 * else it decodes), decoded pixels, or an element.
 */
export type PredictData = SampleData | Uint8Array | ArrayBuffer;

export interface ExportInfo {
  task: "image" | "text";
  /** What the model learnt: a class for each sample, labels each by itself, or numbers. */
  kind: "classes" | "labels" | "numbers";
  /** Classes or labels, in the order of the head's outputs. Empty for numbers. */
  classes: string[];
  /** What logits are divided by before they become scores. */
  temperature: number;
  /** How it was learnt, as `TrainOptions.head`. */
  head: "linear" | "mlp" | "prototype" | "knn";
  /** Whether the backbone's last stages were trained too. */
  tuned: boolean;
  /** Novelty beyond which a sample is refused, by the part of the known kind that it refuses by mistake; `null` where samples were too few to promise it. */
  reject: Record<string, number | null>;
  /** Width of a feature row. */
  dim: number;
  /** The program that made it, with its version. */
  madeBy: string;
  backbone: { id: string; sha256: string; licence: string; source: string };
}

export interface PredictOptions extends CallOptions {
  /** Part of the known kind that may be refused by mistake, from 0 to below 1; what is stranger comes with `label: null`. */
  reject?: number;
}

/** As the learner's own, but for the nearest samples, which an export does not hold. */
export type ExportPrediction<L extends Label = Label> = Omit<Prediction<L>, "nearest">;

/** The export's own proof: inputs with the features and scores that the learner had for them, computed again here. */
export interface Verification {
  /** Whether no score differs by more than 1e-4. */
  ok: boolean;
  /** How many inputs there are. */
  vectors: number;
  /** Largest absolute differences. */
  features: number;
  scores: number;
}

export interface OpenedExport<L extends Label = Label> {
  readonly info: ExportInfo;
  /** In order. A broken item rejects, naming its index. An abort rejects with `signal.reason` after the item in hand. */
  predict(data: Iterable<PredictData>, options?: PredictOptions): Promise<ExportPrediction<L>[]>;
  /** Whether this machine gets the numbers that the learner got. */
  verify(options?: CallOptions): Promise<Verification>;
  /** Frees its memory. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
