import * as Comlink from "comlink";
import type * as Face from "../index";
import { orAborted } from "./abort";
import { badOption, checkFolds, checkIds, checkImport, checkIterable, checkLabel, checkReject, checkRepeats, checkSeed, checkedOptions, checkedRecipe, checkedSample, metaOf } from "./check";
import { each } from "./each";
import { Aborted, installErrorTransfer } from "./border";
import { HeadstartError, toHeadstartError } from "./errors";
import { Events } from "./events";
import { type ModelFormat, checkFormat, exported } from "./exports/face";
import { Few } from "./few";
import { here } from "./here";
import { readBlob, toInput } from "./input";
import type { Kept } from "./kept";
import { readHeader } from "./project/header";
import { type Release, hold } from "./project/lock";
import { askToPersist, checkedName, deleteProject, listProjects, renameClosed, storage } from "./project/projects";
import { type ProjectSettings, find, taken, withStore } from "./project/store";
import { readTeachableMachine } from "./project/teachable";
import type { Embedded, Given, Hooks, LearnerPort, Meta, OpenOptions, Start, Which } from "./protocol";

export { HeadstartError, deleteProject, listProjects, readTeachableMachine, storage };

/** Samples on their way at once: enough that no worker waits and batches are full (of texts of like length), few enough to hold in memory. */
const inFlight = { image: (workers: number) => Math.max(16, 3 * workers), text: (workers: number) => Math.max(256, 64 * workers) };
/** Pictures of a target that may be read again, besides those with labels: as `BatchNorm::PICTURES` in Rust. */
const READ_AGAIN = 256;
/** Errors that are one sample's own: the others go on. */
const OF_ONE_SAMPLE: ReadonlySet<Face.ErrorCode> = new Set<Face.ErrorCode>([
  "bad-image",
  "bad-text",
  "unsupported-encoding",
  "unsupported-format",
  "image-too-large",
  "empty",
  "unreadable",
  "bad-sample",
  "id-taken",
  "worker-failed",
]);

export function createLearner(options: Face.LearnerOptions): Promise<Face.Learner> {
  return openLearner(options);
}

export async function openProject(bytes: Uint8Array | Blob, options: Partial<Face.LearnerOptions> = {}): Promise<Face.Learner> {
  if (!(bytes instanceof Blob || bytes instanceof Uint8Array)) throw badOption("bytes", "a Blob, or a Uint8Array");
  const file = bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const { settings } = await readHeader(file);
  const { from } = settings.backbone;
  // A file may come from anybody: what it names is looked for beside the package, an address in it is not asked for anything.
  const plain = typeof from === "string" && /^[\w.-]+$/.test(from) ? from : null;
  return openLearner(options, { file, settings: { ...settings, backbone: { ...settings.backbone, from: plain } } });
}

export async function renameProject(from: string, to: string): Promise<void> {
  checkedName(from);
  checkedName(to);
  if (from === to) return;
  const here = open.get(from);
  await (here ? here.rename(to) : renameClosed(from, to));
}

/** By project: those of this page. */
const open = new Map<string, PageLearner>();

async function openLearner(options: Partial<Face.LearnerOptions>, given?: { file: Blob; settings: ProjectSettings }): Promise<Face.Learner> {
  if (typeof Worker === "undefined" || typeof location === "undefined") {
    throw new HeadstartError("worker-failed", "createLearner needs a browser and its workers; on a server, `headstart/predict` opens what a learner exports");
  }
  const { project: name, signal } = options;
  signal?.throwIfAborted();
  if (name !== undefined) checkedName(name);
  // What is wrong by itself needs no project to be looked at first.
  if (options.task !== undefined) checkedOptions(options as Face.LearnerOptions);
  const release = name === undefined ? undefined : await hold(name);
  let learner: PageLearner;
  try {
    const saved = name === undefined ? undefined : await withStore((store) => find(store, name));
    if (saved && given) throw taken(saved.name);
    const whole = withSaved(options, saved ?? given?.settings);
    const checked = checkedOptions(whole);
    installErrorTransfer();
    learner = new PageLearner(whole, { ...checked, project: name, file: given?.file }, release);
  } catch (error) {
    await release?.();
    throw error;
  }
  try {
    await learner.open(signal);
    return learner;
  } catch (error) {
    await learner.close();
    // The part of a file that was saved by then would pass for the whole of it.
    if (given && name !== undefined) await deleteProject(name).catch(() => {});
    throw error;
  }
}

/** Options that are not given are those that the project was made with. */
function withSaved(options: Partial<Face.LearnerOptions>, saved: ProjectSettings | undefined): Face.LearnerOptions {
  const stated: Partial<Face.LearnerOptions> = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  if (!saved) return stated as Face.LearnerOptions;
  const { task, seed, longText, backbone } = saved;
  if (stated.task !== undefined && stated.task !== task) throw badOption("task", `"${task}", which this project was made for`);
  if (stated.backbone === undefined && backbone.from === null) throw badOption("backbone", `the files or the address of ${backbone.id} (sha256 ${backbone.sha256}), which this project was made with`);
  return { seed, longText, backbone: backbone.from!, ...stated, task };
}

/** Something a worker does for the page that can be aborted. */
interface Call {
  id: number;
  /** A callback of the caller's: when it throws, the call ends with what it threw. */
  guarded<A extends unknown[]>(callback: ((...args: A) => void) | undefined): (...args: A) => Promise<void>;
}

class PageLearner implements Face.Learner {
  readonly task: Face.Learner["task"];
  device!: Face.Learner["device"];
  backbone!: Face.Learner["backbone"];
  labels: string[] = [];
  project: Face.ProjectState | null = null;
  model: Face.ModelInfo | null = null;

  #options: Face.LearnerOptions;
  #open: OpenOptions;
  #workers = new Map<number, Worker>();
  #spawned = 0;
  #calls = 0;
  #port: Comlink.Remote<LearnerPort>;
  /** Aborted, with the error to reject with, when the learner is closed or its own worker breaks. */
  #over = new AbortController();

  #release: Release | undefined;

  constructor(options: Face.LearnerOptions, settings: OpenOptions, release: Release | undefined) {
    this.task = settings.task;
    this.#options = options;
    this.#open = settings;
    this.#release = release;
    if (settings.project !== undefined) open.set(settings.project, this);
    this.#over.signal.addEventListener("abort", () => void this.#letGo());
    this.#port = Comlink.wrap<LearnerPort>(this.#spawn("learner").port);
  }

  async open(signal?: AbortSignal): Promise<void> {
    const opening = this.#call(signal, (call) => {
      const hooks: Hooks = {
        spawn: async (role) => {
          this.#over.signal.throwIfAborted();
          const { id, port } = this.#spawn(role);
          return Comlink.transfer({ id, port }, [port]);
        },
        retire: async (id) => {
          this.#workers.get(id)?.terminate();
          this.#workers.delete(id);
        },
        progress: call.guarded(this.#options.onProgress),
        device: async (device) => {
          this.device = device;
        },
        project: async (state, first) => {
          this.project = state;
          if (first) askToPersist();
          // What it throws is its caller's, and no call of theirs is there to end with it.
          queueMicrotask(() => this.#options.onProject?.(state));
        },
        model: async (model) => {
          this.model = model;
        },
      };
      return this.#port.open(call.id, this.#open, Comlink.proxy(hooks));
    });
    // A server that stalls would keep the worker from noticing; nothing is lost by not waiting for it.
    const { device, backbone, labels, model, project } = await (signal ? orAborted(opening, signal) : opening);
    // An announcement of the background GPU trial may have overtaken this answer.
    this.device ??= device;
    this.backbone = backbone;
    this.labels = labels;
    this.model = model;
    this.project = project;
  }

  async add(
    samples: Iterable<Face.Sample> | AsyncIterable<Face.Sample>,
    options: Face.CallOptions = {},
  ): Promise<Face.AddReport> {
    const report: Face.AddReport = { ids: [], added: [], duplicates: [], rejected: [], truncated: [], unsaved: [] };
    const cut: { index: number; id: string; tokens: number; kept: number }[] = [];
    // Some kinds of picture take longer to copy than others; the worker numbers samples as they reach it.
    let lastSent: Promise<unknown> = Promise.resolve();
    await this.#each(samples, "add", options, report.rejected, async (call, sample, index) => {
      const before = lastSent;
      let sent = () => {};
      lastSent = new Promise<void>((resolve) => (sent = resolve));
      let answer;
      try {
        const input = await toInput(this.task, sample.data);
        await before;
        answer = this.#port.add(call.id, input, metaOf(sample));
      } finally {
        void before.then(sent);
      }
      const { id, duplicate, cut: part, unsaved } = await this.#race(answer);
      report.ids[index] = id;
      if (duplicate) {
        report.duplicates.push({ index, id });
      } else {
        report.added.push(id);
        if (part) cut.push({ index, id, ...part });
        if (unsaved) report.unsaved.push(id);
        // Those who watch progress see the class with its first sample.
        const { label = [] } = sample;
        const names = typeof label === "number" ? [] : [label].flat();
        const others = names.filter((name, i) => !this.labels.includes(name) && names.indexOf(name) === i);
        if (others.length > 0) this.labels = [...this.labels, ...others];
      }
    });
    report.truncated = cut.sort((a, b) => a.index - b.index).map(({ index: _, ...rest }) => rest);
    report.rejected.forEach(({ index }) => (report.ids[index] = null));
    report.duplicates.sort((a, b) => a.index - b.index);
    return report;
  }

  samples(): Promise<Face.SampleInfo[]> {
    return this.#race(this.#port.samples());
  }

  async relabel(ids: string[], label: Face.Label | null): Promise<void> {
    checkIds(ids);
    if (label !== null) checkLabel(label);
    await this.#edit(this.#port.relabel(ids, label));
  }

  async remove(ids: string[]): Promise<void> {
    checkIds(ids);
    await this.#edit(this.#port.remove(ids));
  }

  async undo(): Promise<boolean> {
    return this.#edit(this.#port.undo());
  }

  async redo(): Promise<boolean> {
    return this.#edit(this.#port.redo());
  }

  async data(ids: string[]): Promise<(Blob | string | null)[]> {
    checkIds(ids);
    return this.#race(this.#port.data(ids));
  }

  save(): Promise<void> {
    return this.#race(this.#port.save());
  }

  async rename(to: string): Promise<void> {
    const from = this.#open.project!;
    const release = await hold(to);
    try {
      await this.#race(this.#port.rename(to));
    } catch (error) {
      await release();
      throw error;
    }
    const before = this.#release;
    this.#release = release;
    this.#open.project = to;
    open.delete(from);
    open.set(to, this);
    await before?.();
  }

  async embed(
    data: Face.SampleData[],
    options: Face.CallOptions & { stage?: "current" | "frozen" } = {},
  ): Promise<{ data: Float32Array; rows: number; cols: number }> {
    const { stage = "current" } = options;
    if (stage !== "current" && stage !== "frozen") throw badOption("stage", '"current" or "frozen"');
    const { rows } = await this.#rows(data, "embed", options, stage);
    return { data: rows, rows: rows.length / this.backbone.dim, cols: this.backbone.dim };
  }

  train(options: Face.TrainOptions = {}): AsyncGenerator<Face.TrainEvent> {
    return this.#training(options, (call, recipe, emit) => this.#port.train(call, recipe, emit));
  }

  fineTune(options: Face.FineTuneOptions = {}): AsyncGenerator<Face.TrainEvent> {
    return this.#training(options, (call, recipe, emit) => this.#port.fineTune(call, recipe, emit));
  }

  fineTuneCost(options: Face.FineTuneOptions = {}): Promise<Face.FineTuneCost> {
    const { signal, onProgress: _, ...recipe } = options;
    return this.#call(signal, (call) => this.#port.fineTuneCost(call.id, checkedRecipe(recipe)));
  }

  async *#training(
    options: Face.TrainOptions | Face.FineTuneOptions,
    begin: (call: number, recipe: Record<string, unknown>, emit: (event: Face.TrainEvent) => Promise<boolean>) => Promise<Face.TrainResult>,
  ): AsyncGenerator<Face.TrainEvent> {
    const { signal, onProgress, ...recipe } = options;
    const checked = checkedRecipe(recipe);
    const events = new Events<Face.TrainEvent>();
    const leave = new AbortController();
    const either = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal;
    const job = this.#call(either, (call) => {
      const progress = call.guarded(onProgress);
      const emit = async (event: Face.TrainEvent) => {
        if (event.type === "progress") await progress({ stage: event.stage, done: event.done, total: event.total });
        return events.emit(event);
      };
      return begin(call.id, checked, Comlink.proxy(emit));
    }).finally(() => events.end());
    // Whoever is in the loop's body hears of a failure at the next turn; it is not unhandled until then.
    job.catch(() => {});
    try {
      yield* events;
      yield { type: "done", result: await job };
    } finally {
      leave.abort();
      await job.catch(() => {});
    }
  }

  async adapt(target: Iterable<Face.Sample> | AsyncIterable<Face.Sample>, options: Face.CallOptions = {}): Promise<Face.AdaptReport> {
    await this.#needModel(options);
    const labelled = new Map<string, Face.SampleData>();
    const others = new Few<Face.SampleData>(READ_AGAIN);
    const { given, rejected } = await this.#given(target, "adapt", options, "samples", ({ data, label }, content) => {
      if (this.task === "image") (label === undefined ? others : labelled).set(content, data);
    });
    const all = { ...given, again: [...new Set([...labelled.keys(), ...others.keys()])] };
    const read = (content: string) => toInput(this.task, (labelled.get(content) ?? others.get(content))!);
    const report = await this.#call(options.signal, (call) => {
      const progress = Comlink.proxy(call.guarded(options.onProgress));
      return this.#port.adapt(call.id, Comlink.transfer(all, [all.rows.buffer as ArrayBuffer]), progress, Comlink.proxy(read));
    });
    return { ...report, rejected };
  }

  async evaluate(options: Face.EvaluateOptions = {}): Promise<Face.Report> {
    const { samples, folds = 5, repeats, seed } = options;
    checkFolds(folds);
    checkRepeats(repeats);
    checkSeed(seed);
    if (!samples) {
      const report = await this.#call(options.signal, (call) =>
        this.#port.evaluate(call.id, { folds, repeats, seed }, Comlink.proxy(call.guarded(options.onProgress))),
      );
      return { ...report, rejected: [] };
    }
    await this.#needModel(options);
    const { given, rejected } = await this.#given(samples, "evaluate", options, "current");
    return { ...(await this.#race(this.#port.evaluateOn(given))), rejected };
  }

  /** Samples from elsewhere: to be scored, with a label each, as what predicts sees them; or to be adapted to, as the learner's own are seen. */
  async #given(
    samples: Iterable<Face.Sample> | AsyncIterable<Face.Sample>,
    name: string,
    options: Face.CallOptions,
    which: Which,
    heard: (sample: Face.Sample, content: string) => void = () => {},
  ): Promise<{ given: Given; rejected: Face.Rejection[] }> {
    const rejected: Face.Rejection[] = [];
    const found: (Embedded & { id: string; meta: Meta })[] = [];
    await this.#each(samples, name, options, rejected, async (call, sample, index) => {
      if (which === "current" && sample.label === undefined) throw new HeadstartError("bad-sample", "a sample to evaluate on needs a label");
      const embedded = await this.#race(this.#port.embed(call.id, await toInput(this.task, sample.data), which));
      heard(sample, embedded.content);
      const meta = metaOf(sample);
      found[index] = { id: sample.id ?? meta.name ?? String(index), meta, ...embedded };
    });
    const used = found.filter(Boolean);
    const rows = concat(used.map((s) => s.row), this.backbone.dim);
    const given = { ids: used.map((s) => s.id), metas: used.map((s) => s.meta), contents: used.map((s) => s.content), rows, kept: used.map((s) => s.kept) };
    return { given: Comlink.transfer(given, [rows.buffer as ArrayBuffer]), rejected };
  }

  async predict(data: Face.SampleData[], options: Face.CallOptions & { reject?: number } = {}): Promise<Face.Prediction[]> {
    const { reject } = options;
    checkReject(reject);
    await this.#needModel(options);
    const { rows, kept } = await this.#rows(data, "predict", options);
    return this.#race(this.#port.predict(transferred(rows), kept, reject));
  }

  transferVerdict(options: Face.CallOptions = {}): Promise<Face.TransferReport> {
    return this.#call(options.signal, (call) => this.#port.verdict(call.id, Comlink.proxy(call.guarded(options.onProgress))));
  }

  doctor(options: Face.CallOptions = {}): Promise<Face.DoctorReport> {
    return this.#call(options.signal, (call) => this.#port.doctor(call.id, Comlink.proxy(call.guarded(options.onProgress))));
  }

  async explain(data: Face.SampleData, options: Face.CallOptions = {}): Promise<Face.Explanation> {
    await this.#needModel(options);
    const input = await toInput(this.task, data);
    return this.#call(options.signal, (call) => this.#port.explain(call.id, input));
  }

  projection(): Promise<{ id: string; x: number; y: number }[]> {
    return this.#race(this.#port.projection());
  }

  async importTexts(source: Blob | string, options: Face.ImportOptions = {}): Promise<Face.TextImport> {
    const name = source instanceof File ? source.name : undefined;
    const checked = checkImport(options);
    checked.format ??= formatOf(name);
    if (typeof source !== "string" && !(source instanceof Blob)) throw badOption("source", "a string or a Blob");
    const bytes = typeof source === "string" ? new TextEncoder().encode(source) : await readBlob(source);
    const { samples, ...table } = await this.#race(this.#port.importTexts(Comlink.transfer(bytes, [bytes.buffer]), checked));
    return {
      ...table,
      samples: samples.map(({ text, line, ...rest }) => ({ data: text, name: name === undefined ? `line ${line}` : `${name}, line ${line}`, ...rest })),
    };
  }

  async export(format: "project" | ModelFormat, options: Face.ExportOptions = {}): Promise<Blob> {
    checkFormat(format, options);
    const { signal, onProgress } = options;
    if (format === "project") {
      const { samples = true } = options;
      return this.#call(signal, (call) => this.#port.exportProject(call.id, samples, Comlink.proxy(call.guarded(onProgress))));
    }
    await this.#needModel(options);
    const { samples = false } = options;
    return this.#call(signal, (call) => exported(this.#port, call.id, format, samples, call.guarded(onProgress)));
  }

  async close(): Promise<void> {
    this.#over.abort(new HeadstartError("closed", "this learner was closed; create another"));
    this.#workers.forEach((worker) => worker.terminate());
    this.#workers.clear();
    await this.#letGo();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The project can be opened elsewhere. */
  async #letGo(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    if (this.#open.project !== undefined && open.get(this.#open.project) === this) open.delete(this.#open.project);
    await release?.();
  }

  #spawn(role: Start["role"]): { id: number; port: MessagePort } {
    const id = this.#spawned++;
    const { assets, worker: make } = this.#options;
    let worker: Worker;
    try {
      if (make) worker = make();
      else if (assets !== undefined || isElsewhere(here)) worker = workerFrom(new URL("worker.js", this.#open.assets ?? here));
      // Bundlers look for these very words.
      else worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    } catch (error) {
      throw toHeadstartError(error);
    }
    // A script that cannot be loaded, or a panic in the asynchronous part of a wasm module. Anything else comes back
    // through the port.
    worker.addEventListener("error", (event) => {
      const why = event.message || "its script could not be loaded; check `assets` and the page's CSP";
      if (role !== "learner") void this.#port.broke(id, why);
      else this.#over.abort(new HeadstartError("worker-failed", `the learner's worker broke: ${why}`));
    });
    this.#workers.set(id, worker);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ role, port: port2 } satisfies Start, [port2]);
    return { id, port: port1 };
  }

  /** Runs `work` as a call that can be aborted; an abort rejects with the signal's own reason. */
  async #call<T>(signal: AbortSignal | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const id = this.#calls++;
    let thrown: { error: unknown } | undefined;
    const abort = () => void this.#port.abort(id);
    const guarded: Call["guarded"] = (callback) => async (...args) => {
      try {
        callback?.(...args);
      } catch (error) {
        thrown ??= { error };
        abort();
      }
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await this.#race(work({ id, guarded }));
    } catch (error) {
      throw error instanceof Aborted && signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", abort);
      if (!this.#over.signal.aborted) void this.#port.end(id);
      if (thrown) throw thrown.error;
    }
  }

  /** Waits for a change of the samples, and takes over the labels in use after it. */
  async #edit<T>(change: Promise<T>): Promise<T> {
    const result = await this.#race(change);
    this.labels = await this.#race(this.#port.labels());
    return result;
  }

  #race<T>(work: Promise<T>): Promise<T> {
    return orAborted(work, this.#over.signal);
  }

  /** Rejects with `not-trained` before any picture is read for nothing. */
  async #needModel({ signal }: Face.CallOptions): Promise<void> {
    signal?.throwIfAborted();
    await this.#race(this.#port.predict(new Float32Array(), []));
  }

  /** Feature rows of `data`, in order; one broken item rejects the call and is named by its index. */
  async #rows(
    data: Face.SampleData[],
    name: string,
    options: Face.CallOptions,
    stage: "current" | "frozen" = "current",
  ): Promise<{ rows: Float32Array; kept: Kept[] }> {
    checkIterable("data", data);
    const rows: Embedded[] = [];
    const rejected: Face.Rejection[] = [];
    const samples = Array.from(data, (item) => ({ data: item }));
    await this.#each(samples, name, options, rejected, async (call, sample, index) => {
      rows[index] = await this.#race(this.#port.embed(call.id, await toInput(this.task, sample.data), stage));
    });
    const [first] = rejected;
    if (first) throw new HeadstartError(first.code, `item ${first.index}: ${first.message}`, first.name ?? String(first.index));
    return { rows: concat(rows.map(({ row }) => row), this.backbone.dim), kept: rows.map(({ kept }) => kept) };
  }

  /** `work` for every sample, a few at a time. What is one sample's own fault is listed, anything else ends the call. */
  async #each(
    samples: Iterable<Face.Sample> | AsyncIterable<Face.Sample>,
    stage: string,
    { signal, onProgress }: Face.CallOptions,
    rejected: Face.Rejection[],
    work: (call: Call, sample: Face.Sample, index: number) => Promise<void>,
  ): Promise<void> {
    checkIterable("samples", samples);
    const total = Array.isArray(samples) ? samples.length : undefined;
    let [given, done] = [0, 0];
    await this.#call(signal, async (call) => {
      const one = async (sample: Face.Sample, index: number) => {
        given = index + 1;
        try {
          await work(call, checkedSample(sample), index);
        } catch (error) {
          const { code, message } = toHeadstartError(error);
          if (error instanceof Aborted || !OF_ONE_SAMPLE.has(code)) throw error;
          const name = typeof sample === "object" && sample !== null ? metaOf(sample).name : undefined;
          rejected.push({ index, id: sample?.id, name, code, message });
        }
        onProgress?.({ stage, done: ++done, total: total ?? given });
      };
      const over = this.#over.signal;
      await each(samples, inFlight[this.task](this.#open.workers), signal ? AbortSignal.any([signal, over]) : over, one);
      if (signal?.aborted) throw new Aborted();
      over.throwIfAborted();
    });
    rejected.sort((a, b) => a.index - b.index);
  }
}

function isElsewhere(address: string): boolean {
  const { protocol, origin } = new URL(address);
  return protocol.startsWith("http") && origin !== location.origin;
}

/** From another origin, as on a CDN, a worker's script has to be brought in by one of the page's own. */
function workerFrom(url: URL): Worker {
  const script = isElsewhere(url.href) ? URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" })) : url;
  return new Worker(script, { type: "module" });
}

function concat(rows: Float32Array[], dim: number): Float32Array {
  const all = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => all.set(row, i * dim));
  return all;
}

function transferred(rows: Float32Array): Float32Array {
  return Comlink.transfer(rows, [rows.buffer as ArrayBuffer]);
}

/** By its ending; a .txt can be anything, and is looked at. */
function formatOf(name: string | undefined): Face.ImportOptions["format"] {
  const ending = name?.toLowerCase().match(/\.([a-z]+)$/)?.[1];
  return ({ csv: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl" } as const)[ending as "csv"];
}
