/// <reference lib="esnext.disposable" />
/** Headstart: transfer learning inside a browser tab. Nothing leaves the machine. */

/**
 * Opens a learner: loads the backbone and starts its workers. Work begins here, not at import. `L` narrows the types to the kind of
 * label that you give: `createLearner<number>(…)`.
 */
export function createLearner<L extends Label = Label>(options: LearnerOptions): Promise<Learner<L>>;

/**
 * Opens a project file: the bytes that `export("project")` wrote, here or on another machine. Options that are left out are those it was
 * made with; with `project` it is saved under that name, which must be free, or not at all. No address in the file is asked for anything: a
 * `backbone` that was given by one is to be given again (`bad-option`). Errors: `bad-project`, `project-too-new`, `backbone-differs`.
 */
export function openProject<L extends Label = Label>(bytes: Uint8Array | Blob, options?: Partial<LearnerOptions>): Promise<Learner<L>>;

/** What this browser keeps for this page, the last changed first. Errors: `no-storage`. */
export function listProjects(): Promise<ProjectInfo[]>;
/** For ever. Errors: `unknown-id`; `project-open` where a learner has it, in this tab or another. */
export function deleteProject(name: string): Promise<void>;
/** Of a project that this page has open too. Errors: `unknown-id`, `bad-option` (there is one of that name), `project-open` (in another tab). */
export function renameProject(from: string, to: string): Promise<void>;
/** The room that the browser gives this page's origin, packs that are kept included. Errors: `no-storage`. */
export function storage(): Promise<StorageInfo>;

/**
 * The pictures of a Teachable Machine image project ("Download project as file", a .tm), or of one of its classes ("Download samples", a
 * zip). Give it to `add` as it is. Nothing is unpacked before its turn. Errors: `bad-project`.
 */
export function readTeachableMachine(file: Blob): Promise<TeachableProject>;

export interface TeachableProject extends AsyncIterable<Sample & { data: Blob }> {
  labels: string[];
  files: { name: string; label: string; open: () => Promise<Blob> }[];
}

export interface ProjectInfo {
  name: string;
  task: "image" | "text";
  backbone: { id: string; sha256: string };
  samples: number;
  /** In use, in no order. */
  labels: string[];
  /** Of pictures, texts, features and model. */
  bytes: number;
  /** Milliseconds since 1970. */
  created: number;
  changed: number;
  model: ModelInfo | null;
}

export interface StorageInfo {
  bytes: number;
  quota: number;
  /** Whether the browser has promised not to make room at this page's cost. It is asked when a project is first saved. */
  persisted: boolean;
}

/** A project that is open. */
export interface ProjectState {
  name: string;
  /** Samples that are in memory only. */
  unsaved: number;
  /** Why: `storage-full`, `no-storage`. `null` while all is saved. */
  problem: { code: ErrorCode; message: string } | null;
}

/** The model that `predict` uses. */
export interface ModelInfo {
  /** Of the training or fine-tuning that made it. */
  result: TrainResult;
  /** Whether it looks through a tuned backbone. */
  tuned: boolean;
  /** The method by which it was made to suit another domain, if it was. */
  adapted: string | null;
  /** As `TrainOptions`. */
  negative: string | null;
  /** Whether samples have changed since it was trained. */
  stale: boolean;
}

/**
 * A class; several classes, or none (`[]`); or a finite number. What the samples have decides what `train` learns: one class each,
 * each label by itself, or a quantity. Beside arrays a text counts as an array of one; numbers and names do not mix (`bad-labels`).
 */
export type Label = string | string[] | number;

export interface LearnerOptions {
  task: "image" | "text";
  /** An id under `<assets>/backbones/` (default `"efficientnet-lite0"`, for texts `"all-minilm-l6-v2"`), the URL of a pack's manifest (relative to the page), or its files. */
  backbone?: string | URL | BackbonePack;
  /**
   * `"auto"` (default) starts on the CPU at once, tries a real GPU in the background and moves there if it is faster.
   * `"webgpu"` takes any adapter, software ones too, and rejects with code `no-webgpu` rather than fall back.
   */
  device?: "auto" | "webgpu" | "cpu";
  /** The folder that wasm, worker and packs are served from, relative to the page. Default: beside `index.js`. */
  assets?: string | URL;
  /** Makes a worker that runs `worker.js`, for hosts where `new Worker(url)` is not allowed. Called more than once. */
  worker?: () => Worker;
  /**
   * For hosts that cannot fetch them: the CPU module (`headstart_cpu_bg.wasm`), or with the learner's
   * (`headstart_learner_bg.wasm`). Of what is given the build with relaxed SIMD is not looked for; what is not given is fetched.
   */
  wasm?: BufferSource | WebAssembly.Module | { cpu?: BufferSource | WebAssembly.Module; learner?: BufferSource | WebAssembly.Module };
  /** Workers that decode pictures and, on the CPU, run the backbone: 1 to 32. Default: one a core, at most 8. */
  workers?: number;
  /**
   * What becomes of a text of more than the backbone's 256 tokens. `"cut"` (default): its beginning is used, and
   * `AddReport.truncated` says so. `"windows"`: it is embedded in overlapping windows (a quarter shared), whose mean by tokens is the row.
   */
  longText?: "cut" | "windows";
  /** Whole number from 0, default 0. Same machine, device, data and seed: same result. */
  seed?: number;
  /**
   * Default `"backbone-only"`: a pack is fetched once, and kept by the hash of its files. `"never"`: nothing is fetched for the backbone; it is
   * one that was kept from an earlier visit, or its files are given. The package's own files (worker, wasm) come from where it is served.
   */
  network?: "backbone-only" | "never";
  /**
   * The name to save under, in this browser, as it happens: samples with their pictures, rows, model, tuned backbone. What `add` has resolved
   * for is on the disk. A project of that name is opened as it was, with the options that it was made with where they are left out; `undo` reaches back
   * to its opening. Without a name all is in memory. With another backbone than the saved features', these are made again (progress
   * `"features by another backbone"`), and the model is gone. What cannot be read is left out, said in a progress event `"left out"`, and stays saved
   * as it is. Errors: `no-storage`, `project-open`, `project-too-new`, `backbone-differs`.
   */
  project?: string;
  /**
   * Called when that changes. A full storage does not stop a learner: it goes on in memory, what was saved stays saved, and all that is
   * missing is written after the next change that finds room, or by `save`.
   */
  onProject?: (project: ProjectState) => void;
  signal?: AbortSignal;
  /** `"warm up"` is the GPU's: with `device: "auto"` it comes after the learner is there, as the GPU is tried behind it. */
  onProgress?: (progress: Progress) => void;
}

/**
 * The files of a pack by name, or where they are; `manifest.json` is one of them. In an app that is bundled it is the default export of
 * `headstart/backbones/efficientnet-lite0` or `headstart/backbones/all-minilm-l6-v2`.
 */
export type BackbonePack = Record<string, Blob | Uint8Array | URL>;

/** For texts: a string, or a Blob of UTF-8, of at most 1 MiB. For pictures: a file (JPEG, PNG, WebP, GIF, BMP; what else the browser decodes), decoded pixels, or an element. */
export type SampleData = Blob | ImageBitmap | ImageData | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | string;

export interface Sample<L extends Label = Label> {
  data: SampleData;
  label?: L;
  /** Your own id, one for each content. Default: the content's hash. */
  id?: string;
  /** For messages; a `File`'s own name by default. */
  name?: string;
  /** Samples that belong together (a burst of a webcam, a patient): on the same side of every split. */
  group?: string;
  /** Tags that the report is broken down by. */
  slice?: Record<string, string>;
}

export interface SampleInfo<L extends Label = Label> {
  id: string;
  name: string | null;
  label: L | null;
  group: string | null;
  slice: Record<string, string>;
}

export interface CallOptions {
  /** Aborting rejects with `signal.reason` within one batch; what is done by then is kept. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  stage: string;
  done: number;
  /** As far as it is known. */
  total: number;
  note?: string;
}

export interface Learner<L extends Label = Label> {
  readonly task: "image" | "text";
  /** Where the backbone runs now, and why. With `device: "auto"` it can change. */
  readonly device: { kind: "webgpu" | "cpu"; adapter: string; reason: string; workers: number };
  readonly backbone: {
    id: string;
    /** Width of a feature row. */
    dim: number;
    /** Of the weights file that is used. */
    sha256: string;
    licence: string;
    /** Where the weights were published, with the sha256 of that file. */
    source: string;
    bytes: number;
  };
  /** Classes, or labels, in use, in order of first appearance. Empty for numbers. */
  readonly labels: string[];
  /** `null` for a learner without a project. */
  readonly project: ProjectState | null;
  /** `null` before a training. */
  readonly model: ModelInfo | null;

  /** Waits until all are in. Awaiting it is the back-pressure: an async iterable is read as fast as pictures are done. */
  add(samples: Iterable<Sample<L>> | AsyncIterable<Sample<L>>, options?: CallOptions): Promise<AddReport>;
  samples(): Promise<SampleInfo<L>[]>;
  /** What samples were made from: pictures as the files they were (those that came as pixels, as PNG of what the backbone saw), texts; `null` for a picture that is not kept, or that the browser has lost. Errors: `unknown-id`. */
  data(ids: string[]): Promise<(Blob | string | null)[]>;
  /** Resolves when the project is saved as it is now; tries again where it could not be. Without a project at once. Errors: `storage-full`, `no-storage`. */
  save(): Promise<void>;
  /** `null` takes the label off. All or nothing: an unknown id (`unknown-id`) changes no label. */
  relabel(ids: string[], label: L | null): Promise<void>;
  remove(ids: string[]): Promise<void>;
  /**
   * Takes back the last `add`, `relabel` or `remove`; the model stays. `false` when there is none. An `add` is taken back as a whole: of
   * one that is under way, what is still to come too (`redo` brings all of it).
   */
  undo(): Promise<boolean>;
  /** Does again what was taken back last. `false` when nothing was, or something else was done since. */
  redo(): Promise<boolean>;
  /** `rows × cols`: image 1280, the pooled feature as it is, values 0 to 6; text 384, L2-normalised. A broken item rejects, naming its index. */
  embed(
    data: SampleData[],
    options?: CallOptions & { stage?: "current" | "frozen" },
  ): Promise<{ data: Float32Array; rows: number; cols: number }>;
  /** Fits a head on the labelled samples. Starts at the first `next()`; leaving the loop cancels it. */
  train(options?: TrainOptions): AsyncIterable<TrainEvent>;
  /**
   * Trains the backbone's last stages too, on the labelled samples (`method: "pretrain"`: on those without a label), always from the pretrained weights, and keeps the result only if
   * it is better on samples held out (`result.guard`); otherwise the head on the frozen backbone is fitted on all samples. Starts
   * at the first `next()`; leaving the loop cancels it, and an abort ends it with `done` and the best so far. Runs where
   * the backbone runs (`device`); a GPU whose gradients are not the CPU's is refused: `gpu-wrong`, and `"auto"` trains on the CPU.
   * Pictures are read again: one whose file has gone or changed is left out, and said in a progress event.
   */
  fineTune(options?: FineTuneOptions): AsyncIterable<TrainEvent>;
  /** What that would take, measured on a few of the samples. */
  fineTuneCost(options?: FineTuneOptions): Promise<FineTuneCost>;
  /**
   * Makes the model suit another domain: other cameras, another language, sketches for photographs. `target` are samples from there, 10
   * at least, without labels or with a few. The shift is measured, the labelled samples are moved to where the target lies in several ways, the
   * head is fitted to them anew, and the result is kept only where it is likely to help. Afterwards `predict` assumes the target, until `train`
   * or another step makes a new model. Samples of `target` that cannot be read are in `rejected`.
   *
   * Of pictures, where anything could be kept, the batch norms of the backbone's last three stages are estimated anew too (AdaBN, Li et
   * al. 2016), in workers that are ended after it. For that at most 256 pictures of each domain are read again, and all of the target that
   * have a label; one that cannot be is left out, and said in a progress event. Where it is kept, `predict`, `explain`,
   * `evaluate({ samples })`, `embed` and exports look through a backbone for the target; samples keep the features they are learnt by.
   *
   * Errors: `not-trained`; `bad-option` (too few, or the scratch head); `bad-labels` (several labels or numbers, or a class that no
   * sample has); `too-few-labels`.
   */
  adapt(target: Iterable<Sample<L>> | AsyncIterable<Sample<L>>, options?: CallOptions): Promise<AdaptReport>;
  /** Cross-validates the last recipe (the default one where that cannot learn the labels there are now); with `samples`, scores the present model on them. */
  evaluate(options?: EvaluateOptions<L>): Promise<ReportOf<L>>;
  /**
   * `reject`: part of the known kind that may be refused by mistake, e.g. 0.05; what is stranger than that comes with `label: null`.
   * A small part takes samples to promise it on: 0.05 refuses nothing with fewer than 19 (but `negative`s).
   */
  predict(data: SampleData[], options?: CallOptions & { reject?: number }): Promise<Prediction<L>[]>;
  /** Whether the pretrained backbone helps, against the same samples learnt from scratch. Of samples with one class each (otherwise `bad-labels`). */
  transferVerdict(options?: CallOptions): Promise<TransferReport>;
  /** What may be wrong with the samples. */
  doctor(options?: CallOptions): Promise<DoctorReport<L>>;
  explain(data: SampleData, options?: CallOptions): Promise<Explanation<L>>;
  /** The samples' rows in the plane in which they differ most (PCA), in the order of `samples()`. */
  projection(): Promise<{ id: string; x: number; y: number }[]>;
  /**
   * Reads texts with labels from CSV, TSV, JSON Lines or plain lines, and adds nothing yet: look at `columns`, then give `samples` to `add`.
   * What is not said in `options` is guessed. Takes milliseconds for thousands of rows, so it has no signal. Lines that cannot be read are in `rejected`. Errors: `empty`,
   * `unsupported-encoding` (only UTF-8 is read), `bad-option` (no such column).
   */
  importTexts(source: Blob | string, options?: ImportOptions): Promise<TextImport>;
  /**
   * All of it as one file, for `openProject`: samples, rows, model, tuned backbone, and with `samples` (default `true`) the pictures as they were
   * given. Without them it predicts the same, but cannot be fine-tuned again. docs/project-format.md describes it.
   */
  export(format: "project", options?: CallOptions & { samples?: boolean }): Promise<Blob>;
  /**
   * The model, for elsewhere; `not-trained` without one, `bad-option` for the scratch head, which only a project can hold. Each carries 16
   * inputs with their features and scores, classes, temperature and thresholds, so that whoever opens it can check that it is the same model.
   * - `"safetensors"`: backbone, with what was fine-tuned, and head, by names that PyTorch code can load; `headstart/predict` opens it.
   * - `"onnx"`: the same as one graph with the normalisation inside; the rest of the preprocessing is in its metadata.
   * - `"html"`: one page that classifies offline, opened from the disk or any host; it makes no requests.
   */
  export(format: "safetensors" | "onnx" | "html", options?: ExportOptions): Promise<Blob>;
  /** Ends the workers. Idempotent; what is running rejects with code `closed`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ExportOptions extends CallOptions {
  /**
   * Whether the samples' own pictures or texts go along. Default `false`: the 16 inputs are made up, and the file tells nothing of the samples but
   * the head and the class means that were learnt from them.
   */
  samples?: boolean;
}

export interface AddReport {
  /** The id for each input, in order; `null` where it was rejected. */
  ids: (string | null)[];
  added: string[];
  /** Contents that were there already: kept with their first label. */
  duplicates: { index: number; id: string }[];
  rejected: Rejection[];
  /** Texts that were cut; empty for pictures. */
  truncated: { id: string; tokens: number; kept: number }[];
  /** Ids of those that are in memory only, because the project's storage is full or gone. Empty without a project. */
  unsaved: string[];
}

export interface ImportOptions {
  /** Default: by the file's name, or by its look. */
  format?: "csv" | "tsv" | "jsonl" | "lines";
  /** Whether the first row of CSV or TSV names the columns. */
  header?: boolean;
  /** Column of the texts. */
  text?: string;
  /** Column of the labels; `null` for none. */
  label?: string | null;
  /** Column of what belongs together. */
  group?: string;
  /** Columns to keep as tags. */
  slices?: string[];
}

export interface TextImport {
  format: "csv" | "tsv" | "jsonl" | "lines";
  header: boolean;
  /** `"column 1"`, … where no header names them. */
  columns: string[];
  text: string;
  label: string | null;
  /** In the order of the file; `name` says the line. */
  samples: (Sample<string> & { data: string })[];
  /** `line` from 1, where the row begins. */
  rejected: { line: number; code: ErrorCode; message: string }[];
}

export interface Rejection {
  index: number;
  id?: string;
  name?: string;
  code: ErrorCode;
  message: string;
}

export interface TrainOptions extends CallOptions {
  /**
   * `"linear"` (default): multinomial logistic regression, L2, fitted to convergence; of labels a logistic regression each, of numbers a
   * ridge regression. `"mlp"` and `"knn"` learn all three too, the other heads classes only. `"prototype"`: nearest class mean, by the covariance within classes.
   * `"knn"`: nearest samples vote. `"mlp"`: one hidden layer. `"scratch"`: without the backbone: a small convolutional network on 32 × 32
   * pixels; for texts TF-IDF of words and characters.
   */
  head?: "linear" | "mlp" | "prototype" | "knn" | "scratch";
  /** Folds of the cross-validation that chooses the linear head's strength or the scale of `prototype`, 2 to 20, default 3. */
  folds?: number;
  /** Linear: inverse regularisation strength, scikit-learn's C on L2-normalised rows. Default: chosen from 0.1, 1, 10, 100, 1000, on 3,000 of the samples at most. */
  strength?: number;
  /** Linear and MLP: `"balanced"` (default) gives every class the same say however many samples it has; of a label, those with it the same as those without. */
  classWeight?: "balanced" | "none" | Record<string, number>;
  /** kNN: neighbours that vote, default 10. */
  k?: number;
  /** A label whose samples are of no kind ("background", "something else"): with `reject`, `predict` refuses what looks like them too. */
  negative?: string;
  seed?: number;
}

export interface FineTuneOptions extends CallOptions {
  /** Stages (of texts, layers) that are trained, counted from the last: 1 to 3, default 2. */
  stages?: number;
  /**
   * `"cross-entropy"`: stages and head on the labels. `"contrastive"`: stages on pairs of texts with the same label or not, then the
   * head (SetFit: Tunstall et al. 2022); it ends half way between the weights as they were and as they became (WiSE-FT: Wortsman et al. 2022). `"pretrain"`: the
   * layers go on with what pretraining was, on the samples without a label (texts, 32 at least), each to be told from the others of its batch (as many as go through at once: of long texts fewer) although three tenths of its tokens and a tenth of
   * the values are left out where the layers begin (SimCSE: Gao et al. 2021; ConSERT: Yan et al. 2021), half way back too; then the head, on those with one. Default: contrastive for texts of
   * at most 64 a class, otherwise cross-entropy.
   */
  method?: "cross-entropy" | "contrastive" | "pretrain";
  /** Passes over the samples, 1 to 200. Default 8, more where that would be fewer than 80 updates; over texts without a label as many as make 80, at most 30. */
  epochs?: number;
  /** Part of a weight's size that an update moves it by at most, up to 0.1. Default 0.005 for pictures, 0.001 for texts, 0.002 for pairs of them and for those without a label. */
  rate?: number;
  /**
   * The rank, 1 to 64, of what is added to the weights and trained in their place (LoRA: Hu et al. 2022); biases, norms and depthwise filters
   * stay. It is no quicker; what a project holds of the tuned layers is a thirtieth (texts, rank 8; of pictures' stages a twentieth). Default: none, the weights are trained themselves.
   */
  lora?: number;
  /** Folds of the guard, 2 to 10, default 3. */
  folds?: number;
  /** Bytes that the samples may take, over all workers: where the trained stages begin, and as features. Default 512 MiB. */
  memory?: number;
  seed?: number;
}

export interface FineTuneCost {
  seconds: number;
  /**
   * That the samples take, over all workers: where the trained stages begin, and as features. Beside that each worker has what does not depend on
   * their number: the network, gradients and what the optimiser remembers, of pictures some 140 MB.
   */
  bytes: number;
  samples: number;
  epochs: number;
  /** Those of the guard and the last; without labels one for both. */
  trainings: number;
  /** Of a sample, forwards and backwards, on one core or the GPU. */
  secondsPerSample: number;
  /** Where it is trained. */
  device: "webgpu" | "cpu";
}

/** What a fine-tuning was judged by: samples that were held out, in each fold by a backbone that was not tuned on them. */
export interface TuneGuard {
  kept: boolean;
  sentence: string;
  /** Accuracy; of numbers the mean absolute error. */
  frozen: Interval;
  tuned: Interval;
  /** Paired by sample; above 0 is better. */
  gain: Interval;
  /**
   * How often chance alone would make the right answers so much surer: sign flips of the groups' log losses (of numbers, of their errors),
   * one-sided. Kept below 0.2, where no fewer are right.
   */
  p: number;
  /** By class, the part of its samples that is right. Empty for labels and numbers. */
  perClass: { label: string; support: number; before: number; after: number }[];
}

export interface AdaptReport {
  /** Whether the model is another one now. */
  kept: boolean;
  /** What was kept; `"none"` where nothing was. */
  method: string;
  /** The figures, and what became of it. */
  sentence: string;
  shift: {
    /** How often a classifier tells the domains apart, held out: 0.5 is no shift. */
    domainClassifier: Interval;
    /** Squared maximum mean discrepancy (Gretton et al. 2012), and how often chance would bring it (200 permutations). */
    mmd: { value: number; p: number };
  };
  /** By how many nats "the features moved" explains the target better than "only the proportions of classes did". */
  evidence: number;
  /** `criterion`: mutual information of what is said of the target, in nats; `guard`: log-likelihood of its labels, where it has any, less that without adapting. */
  tried: { method: string; criterion: number; guard?: number }[];
  rejected: Rejection[];
}

/**
 * `loss`: what is minimised, on the rows that are fitted. `guard`: log loss in nats on held-out rows, when one fit of the
 * search for a strength has ended.
 */
export type TrainEvent =
  | { type: "progress"; stage: string; done: number; total: number; loss?: number; guard?: number; note?: string }
  | { type: "done"; result: TrainResult };

export interface TrainResult {
  head: string;
  kept: boolean;
  reason: string;
  seconds: number;
  chosen: Record<string, number | string>;
  /**
   * Accuracy on the folds that the strength was chosen with: slightly hopeful. `evaluate` is the number to quote. Wilson's interval;
   * where samples belong to groups, a bootstrap over groups.
   */
  estimate?: Interval;
  /** Of a fine-tuning that came so far. */
  guard?: TuneGuard;
}

export interface EvaluateOptions<L extends Label = Label> extends CallOptions {
  /** 2 to 20, default 5; lowered to the number of groups of the largest class. */
  folds?: number;
  /** Cross-validations with other splits, 1 to 20. Default: 5 below 300 samples, otherwise 1. */
  repeats?: number;
  seed?: number;
  /** Labelled samples from elsewhere to score the present model on. */
  samples?: Iterable<Sample<L>> | AsyncIterable<Sample<L>>;
}

/** 95 % interval. */
export interface Interval {
  value: number;
  low: number;
  high: number;
  method: string;
}

/** Of numbers a `NumberReport`, of names a `Report`. `kind` says which, where the types do not. */
export type ReportOf<L extends Label> = [L] extends [number] ? NumberReport : Report;

/** Of classes and of labels. Accuracies, scores and intervals are fractions in [0, 1]; log loss is in nats. */
export interface Report {
  kind: "classes" | "labels";
  /** Of labels: samples of which every label is right. Wilson's interval; where samples belong to groups, a bootstrap over groups. */
  accuracy: Interval;
  /** Mean recall over classes; of labels, the mean over them of the recall of samples with it and without. */
  balancedAccuracy: Interval;
  macroF1: Interval;
  /** Of labels only: F1 of all calls together. */
  microF1?: Interval;
  /** Of labels only: average precision (mAP), in the mean over those that occur. */
  meanAveragePrecision?: Interval;
  /**
   * Before temperature scaling, as `brier`, `ece` and `reliability` are: of heads whose logits are not divided by anything yet. With
   * `samples`: of the present model, which is. Of labels: in the mean over them.
   */
  logLoss: number;
  /** After it, as `brierCalibrated` and `eceCalibrated` are; a sample's temperature comes from the other folds. What `predict` gives is scaled so. */
  logLossCalibrated: number;
  /** Squared distance to the truth, summed over classes: 0 to 2; summed over labels: 0 to their number. */
  brier: number;
  brierCalibrated: number;
  /** Expected calibration error, 15 bins. Of labels: of each label of each sample, there or not. */
  ece: number;
  eceCalibrated: number;
  /**
   * At which the log loss of all out-of-fold predictions is least, from 0.05 to 20. Above 1: the head is too sure before scaling. `predict`
   * divides by one that is nearer to 1 where samples are few.
   */
  temperature: number;
  /** Behind `ece`: by bin of confidence, empty ones left out. */
  reliability: { confidence: number; accuracy: number; count: number }[];
  /** Split, folds and seed in words. */
  how: string;
  perClass: { label: string; support: number; precision: Interval; recall: Interval; f1: number; averagePrecision?: number }[];
  /** `counts[true][predicted]`; `ids` are the samples in each cell. Empty for labels. */
  confusion: { labels: string[]; counts: number[][]; ids: string[][][] };
  baselines: { majority: number };
  /** Accuracy when trained on fewer samples, `perClass` in the mean; fewest first, the last is the report's own. Empty with `samples`. */
  learningCurve: { perClass: number; accuracy: Interval }[];
  /** What the curve makes likely (a power law of the error, its exponent bootstrapped). Absent where the curve says nothing. */
  forecast?: {
    /** With twice as many of every class. */
    doubled: { perClass: number; accuracy: Interval };
    /** What 20 more of one class would add to the accuracy, most first. */
    more: { label: string; gain: Interval }[];
    sentence: string;
  };
  /** By the caller's tags and by what was measured (`auto` true). `worse`: below the rest at 5 %, corrected for the number of slices. */
  slices: { name: string; value: string; support: number; accuracy: Interval; worse: boolean; auto: boolean; ids: string[] }[];
  /** Given samples that could not be used. */
  rejected: Rejection[];
  /** `seconds`: by part, since the learner was opened; `extract` is summed over workers. `labels`: labelled samples. `bytes`: fetched for the backbone. */
  bill: { seconds: Record<string, number>; labels: number; bytes: number };
}

/** Of numbers. Errors are in the unit of the labels; intervals are a bootstrap over groups, wider where these are few. */
export interface NumberReport {
  kind: "numbers";
  /** Mean absolute error. */
  mae: Interval;
  /** Root of the mean squared error. */
  rmse: Interval;
  /** Part of the variance that is explained: at most 1; below 0 for what is worse than the mean. */
  r2: Interval;
  how: string;
  /** `median`: mean absolute error of always answering the median. */
  baselines: { median: number };
  /** Of each sample, by a head that had not seen it. */
  predictions: { id: string; truth: number; predicted: number }[];
  /** `perClass`: samples trained on. */
  learningCurve: { perClass: number; mae: Interval }[];
  /** `worse`: farther off than the median more often than the rest, at 5 %, corrected. */
  slices: { name: string; value: string; support: number; mae: Interval; worse: boolean; auto: boolean; ids: string[] }[];
  rejected: Rejection[];
  bill: Report["bill"];
}

/**
 * Does the pretrained backbone help here? All rows on the same folds. A linear head's strength is chosen anew in each (an MLP keeps that
 * of the last training).
 */
export interface TransferReport {
  /** `"helps"` and `"hurts"` only where the whole interval of the difference is beyond ±1 point. */
  verdict: "helps" | "hurts" | "unclear";
  /** The verdict, the figures and what to do. */
  sentence: string;
  /** Best pretrained row minus scratch, paired by sample. */
  difference: Interval;
  rows: { name: "majority" | "scratch" | "frozen" | "tuned"; accuracy: Interval; seconds: number }[];
  how: string;
}

export interface DoctorReport<L extends Label = Label> {
  /**
   * Labels that are likely wrong (confident learning on out-of-fold probabilities; numbers far from what the others say), likeliest
   * first; `score` 0 to 1. Where samples have several labels, one entry for each that is doubtful.
   */
  labelIssues: { id: string; given: L; suggested: L; score: number }[];
  /** Groups of samples whose rows are almost the same; `similarity`: least cosine that links them. Those with differing labels first. */
  nearDuplicates: { ids: string[]; similarity: number; labelsDiffer: boolean }[];
  /** Samples unlike every class, strangest first; `score`: novelty as `predict` gives it. */
  outliers: { id: string; score: number }[];
  /** Unlabelled samples that would teach most: doubtful ones, unlike each other. 20 at most. */
  labelNext: string[];
  /** Classes that have less than a third of the samples of the median class. */
  imbalance: { label: string; count: number; median: number }[];
}

/** Why the model says what it says of one picture or text. */
export interface Explanation<L extends Label = Label> {
  /** The most probable class or label; of numbers the number. What `weight`s of numbers are in their unit. */
  label: string;
  /** Of pictures: how much the label's log probability falls when a cell is left out of the mean; rows from the top, over the square that the backbone saw. */
  heatmap?: { data: Float32Array; width: number; height: number };
  /** Of texts: how much it falls when a word is left out. `start`, `end`: UTF-16 positions. */
  tokens?: { text: string; start: number; end: number; weight: number }[];
  nearest: { id: string; label: L; similarity: number }[];
}

export interface Prediction<L extends Label = Label> {
  /** `null` where `reject` was asked for and the sample is too strange. */
  label: L | null;
  /** The score of the most probable class. Of labels: how sure the least sure of them is, there or not. Of numbers: the part of truths that `interval` holds, 0.95. */
  confidence: number;
  /** Of numbers: holds the truth of 95 % of held-out samples (conformal). Absent where none were held out (a `strength` that was given, `knn`, under 19 samples). */
  interval?: Interval;
  /** Every class, which sum to 1; every label, which do not: those of 0.5 and more are said. Empty for numbers. */
  scores: Record<string, number>;
  rejected: boolean;
  /** Cosine distance to the nearest class mean, 0 to 2; higher is stranger. */
  novelty: number;
  /** Ids of the nearest training samples, nearest first. */
  nearest: string[];
}

export type ErrorCode =
  | "bad-image"
  | "bad-text"
  | "bad-line"
  | "unsupported-encoding"
  | "unsupported-format"
  | "image-too-large"
  | "empty"
  | "unreadable"
  | "bad-sample"
  | "bad-option"
  | "bad-pack"
  | "hash-mismatch"
  | "network"
  | "no-webgpu"
  | "gpu-wrong"
  | "gpu-lost"
  | "too-few-labels"
  | "bad-labels"
  | "not-trained"
  | "unknown-id"
  | "id-taken"
  | "project-open"
  | "project-too-new"
  | "bad-project"
  | "backbone-differs"
  | "storage-full"
  | "no-storage"
  | "closed"
  | "worker-failed";

/** Every error of this package. `code` is stable; `item` names what it is about, where that is one thing. */
export class HeadstartError extends Error {
  readonly name: "HeadstartError";
  readonly code: ErrorCode;
  readonly item?: string;
  constructor(code: ErrorCode, message: string, item?: string);
}
