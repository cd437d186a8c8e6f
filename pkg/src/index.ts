import * as Comlink from "comlink";
import type * as Face from "../index";
import { Aborted, HeadstartError, installErrorTransfer, toHeadstartError } from "./errors";
import { toInput } from "./input";
import type { Hooks, LearnerPort, Meta, OpenOptions, Start } from "./protocol";

export { HeadstartError };

const DEFAULT_BACKBONE = "efficientnet-lite0";
/** Samples on their way at once: enough that no worker waits and a GPU's batches are full, few enough to hold in memory. */
const inFlight = (workers: number) => Math.max(16, 3 * workers);
/** Errors that are one sample's own: the others go on. */
const OF_ONE_SAMPLE: ReadonlySet<Face.ErrorCode> = new Set<Face.ErrorCode>([
  "bad-image",
  "unsupported-format",
  "image-too-large",
  "empty",
  "unreadable",
  "bad-sample",
  "id-taken",
  "worker-failed",
]);

export async function createLearner(options: Face.LearnerOptions): Promise<Face.Learner> {
  const open = checked(options);
  installErrorTransfer();
  const learner = new PageLearner(options, open);
  try {
    await learner.open(options.signal);
    return learner;
  } catch (error) {
    await learner.close();
    throw error;
  }
}

class PageLearner implements Face.Learner {
  readonly task = "image";
  device!: Face.Learner["device"];
  backbone!: Face.Learner["backbone"];
  labels: string[] = [];

  #options: Face.LearnerOptions;
  #open: OpenOptions;
  #workers = new Map<number, Worker>();
  #spawned = 0;
  #calls = 0;
  #port: Comlink.Remote<LearnerPort>;
  /** Rejects when the learner is closed or a worker cannot start; every call races it. */
  #end: Promise<never>;
  #fail!: (error: HeadstartError) => void;
  #closed = false;

  constructor(options: Face.LearnerOptions, open: OpenOptions) {
    this.#options = options;
    this.#open = open;
    this.#end = new Promise<never>((_, reject) => (this.#fail = reject));
    // Nobody may be waiting when it rejects, and that is no unhandled error.
    this.#end.catch(() => {});
    this.#port = Comlink.wrap<LearnerPort>(this.#spawn("learner").port);
  }

  async open(signal?: AbortSignal): Promise<void> {
    const hooks: Hooks = {
      spawn: async () => {
        const { id, port } = this.#spawn("extractor");
        return Comlink.transfer({ id, port }, [port]);
      },
      retire: async (id) => {
        this.#workers.get(id)?.terminate();
        this.#workers.delete(id);
      },
      progress: async (progress) => this.#options.onProgress?.(progress),
      device: async (device) => {
        this.device = device;
      },
    };
    const { device, backbone } = await this.#call(signal, (call) =>
      this.#port.open(call, this.#open, Comlink.proxy(hooks)),
    );
    // An announcement of the background GPU trial may have overtaken this answer.
    this.device ??= device;
    this.backbone = backbone;
  }

  async add(
    samples: Iterable<Face.Sample> | AsyncIterable<Face.Sample>,
    options: Face.CallOptions = {},
  ): Promise<Face.AddReport> {
    const report: Face.AddReport = { ids: [], added: [], duplicates: [], rejected: [], truncated: [] };
    const labels = new Set(this.labels);
    await this.#each(samples, "add", options, report.rejected, async (call, sample, index) => {
      report.ids[index] = null;
      const { id, duplicate } = await this.#port.add(call, await toInput(sample.data), metaOf(sample));
      report.ids[index] = id;
      if (duplicate) {
        report.duplicates.push({ index, id });
      } else {
        report.added.push(id);
        if (sample.label !== undefined && !labels.has(sample.label)) {
          labels.add(sample.label);
          this.labels = [...this.labels, sample.label];
        }
      }
    });
    return report;
  }

  samples(): Promise<Face.SampleInfo[]> {
    return this.#race(this.#port.samples());
  }

  async relabel(ids: string[], label: Face.Label): Promise<void> {
    checkLabel(label);
    this.labels = await this.#race(this.#port.relabel(ids, label));
  }

  async remove(ids: string[]): Promise<void> {
    this.labels = await this.#race(this.#port.remove(ids));
  }

  async embed(
    data: Face.SampleData[],
    options: Face.CallOptions & { stage?: "current" | "frozen" } = {},
  ): Promise<{ data: Float32Array; rows: number; cols: number }> {
    const { stage = "current" } = options;
    if (stage !== "current" && stage !== "frozen") throw badOption("stage", '"current" or "frozen"');
    return { data: await this.#rows(data, "embed", options), rows: data.length, cols: this.backbone.dim };
  }

  async *train(options: Face.TrainOptions = {}): AsyncGenerator<Face.TrainEvent> {
    const { signal, onProgress, ...recipe } = options;
    const events: Face.TrainEvent[] = [];
    let wake = () => {};
    let finished = false;
    const emit = async (event: Face.TrainEvent) => {
      if (event.type === "progress") onProgress?.({ stage: event.stage, done: event.done, total: event.total });
      events.push(event);
      wake();
    };
    const leave = new AbortController();
    const either = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal;
    const job = this.#call(either, (call) => this.#port.train(call, recipe, Comlink.proxy(emit)))
      .then((result) => void emit({ type: "done", result }))
      .finally(() => {
        finished = true;
        wake();
      });
    try {
      while (!finished || events.length > 0) {
        const event = events.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      await job;
    } finally {
      if (!finished) leave.abort();
      await job.catch(() => {});
    }
  }

  async evaluate(options: Face.EvaluateOptions = {}): Promise<Face.Report> {
    const { samples, folds = 5, seed } = options;
    const rejected: Face.Rejection[] = [];
    if (!samples) {
      const progress = async (p: Face.Progress) => options.onProgress?.(p);
      const report = await this.#call(options.signal, (call) =>
        this.#port.evaluate(call, { folds, seed }, Comlink.proxy(progress)),
      );
      return { ...report, rejected };
    }
    const found: { id: string; label: string; row: Float32Array }[] = [];
    await this.#each(samples, "evaluate", options, rejected, async (call, sample, index) => {
      if (sample.label === undefined) throw new HeadstartError("bad-sample", "a sample to evaluate on needs a label");
      const row = await this.#port.embed(call, await toInput(sample.data));
      found[index] = { id: sample.id ?? metaOf(sample).name ?? String(index), label: sample.label, row };
    });
    const used = found.filter(Boolean);
    const rows = concat(used.map((s) => s.row), this.backbone.dim);
    const ids = used.map((s) => s.id);
    const labels = used.map((s) => s.label);
    return { ...(await this.#race(this.#port.evaluateOn(ids, labels, transferred(rows)))), rejected };
  }

  async predict(data: Face.SampleData[], options: Face.CallOptions = {}): Promise<Face.Prediction[]> {
    const rows = await this.#rows(data, "predict", options);
    return this.#race(this.#port.predict(transferred(rows)));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(new HeadstartError("closed", "this learner was closed; create another"));
    this.#workers.forEach((worker) => worker.terminate());
    this.#workers.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #spawn(role: Start["role"]): { id: number; port: MessagePort } {
    const id = this.#spawned++;
    const { assets, worker: make } = this.#options;
    let worker: Worker;
    try {
      if (make) worker = make();
      else if (assets !== undefined) worker = new Worker(new URL("worker.js", this.#open.assets), { type: "module" });
      else worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    } catch (error) {
      throw toHeadstartError(error);
    }
    // Fires when the script cannot be loaded; what goes wrong later comes back through the port.
    worker.addEventListener("error", (event) => {
      const why = event.message || "its script could not be loaded";
      this.#fail(new HeadstartError("worker-failed", `a worker did not start: ${why}; check \`assets\` and the page's CSP`));
    });
    this.#workers.set(id, worker);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ role, port: port2 } satisfies Start, [port2]);
    return { id, port: port1 };
  }

  /** Runs `work` as a call that can be aborted; an abort rejects with the signal's own reason. */
  async #call<T>(signal: AbortSignal | undefined, work: (call: number) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const call = this.#calls++;
    const abort = () => void this.#port.abort(call);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await this.#race(work(call));
    } catch (error) {
      throw error instanceof Aborted && signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", abort);
      if (!this.#closed) void this.#port.end(call);
    }
  }

  #race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#end]);
  }

  /** Feature rows of `data`, in order; one broken item rejects the call and is named by its index. */
  async #rows(data: Face.SampleData[], stage: string, options: Face.CallOptions): Promise<Float32Array> {
    const rows: Float32Array[] = [];
    const rejected: Face.Rejection[] = [];
    const samples = Array.from(data, (item) => ({ data: item }));
    await this.#each(samples, stage, options, rejected, async (call, sample, index) => {
      rows[index] = await this.#port.embed(call, await toInput(sample.data));
    });
    const [first] = rejected.sort((a, b) => a.index - b.index);
    if (first) throw new HeadstartError(first.code, `item ${first.index}: ${first.message}`, first.name ?? String(first.index));
    return concat(rows, this.backbone.dim);
  }

  /** `work` for every sample, a few at a time. What is one sample's own fault is listed, anything else ends the call. */
  #each(
    samples: Iterable<Face.Sample> | AsyncIterable<Face.Sample>,
    stage: string,
    { signal, onProgress }: Face.CallOptions,
    rejected: Face.Rejection[],
    work: (call: number, sample: Face.Sample, index: number) => Promise<void>,
  ): Promise<void> {
    const iterable = samples as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
    if (typeof (iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator]) !== "function") {
      return Promise.reject(badOption("samples", "an array, or another iterable, of samples"));
    }
    return this.#call(signal, async (call) => {
      const room = inFlight(this.#open.workers);
      const running = new Set<Promise<void>>();
      let fatal: { error: unknown } | undefined;
      let [given, done] = [0, 0];
      const total = Array.isArray(samples) ? samples.length : undefined;
      const one = async (sample: Face.Sample, index: number) => {
        try {
          await work(call, checkedSample(sample), index);
        } catch (error) {
          const { code, message } = toHeadstartError(error);
          if (error instanceof Aborted || !OF_ONE_SAMPLE.has(code)) fatal ??= { error };
          else rejected.push({ index, id: sample?.id, name: sample && metaOf(sample).name, code, message });
        }
        onProgress?.({ stage, done: ++done, total: total ?? given });
      };
      for await (const sample of samples) {
        if (fatal || signal?.aborted || this.#closed) break;
        const task = one(sample, given++).finally(() => running.delete(task));
        running.add(task);
        if (running.size >= room) await Promise.race(running);
      }
      await Promise.all(running);
      if (fatal) throw fatal.error;
      if (signal?.aborted) throw new Aborted();
      rejected.sort((a, b) => a.index - b.index);
    });
  }
}

function checked(options: Face.LearnerOptions): OpenOptions {
  const { task, device = "auto", network = "backbone-only", seed = 0, backbone = DEFAULT_BACKBONE } = options;
  if (task !== "image") throw badOption("task", `"image" is what this version does, not ${JSON.stringify(task)}`);
  if (!["auto", "webgpu", "cpu"].includes(device)) throw badOption("device", '"auto", "webgpu" or "cpu"');
  if (!["backbone-only", "never"].includes(network)) throw badOption("network", '"backbone-only" or "never"');
  if (!Number.isSafeInteger(seed) || seed < 0) throw badOption("seed", "a whole number from 0");
  const workers = options.workers ?? Math.min(navigator.hardwareConcurrency || 2, 8);
  if (!Number.isInteger(workers) || workers < 1 || workers > 32) throw badOption("workers", "a whole number from 1 to 32");
  // Relative to the page, as every address in a page is.
  const assets = new URL("./", new URL(options.assets ?? import.meta.url, location.href)).href;
  return {
    device,
    network,
    seed,
    workers,
    assets,
    backbone: backbone instanceof URL ? backbone.href : backbone,
    wasm: options.wasm,
  };
}

function checkedSample(sample: Face.Sample): Face.Sample {
  if (typeof sample !== "object" || sample === null || sample.data === undefined || sample.data === null) {
    throw new HeadstartError("bad-sample", "a sample is an object with `data`");
  }
  if (sample.label !== undefined) checkLabel(sample.label);
  return sample;
}

function checkLabel(label: unknown): void {
  if (typeof label !== "string" || label === "") {
    throw new HeadstartError("bad-sample", `a label is a text that is not empty, not ${JSON.stringify(label)}`);
  }
}

function metaOf({ id, name, label, group, slice, data }: Face.Sample): Meta {
  return { id, name: name ?? (data instanceof File ? data.name : undefined), label, group, slice: slice ?? {} };
}

function concat(rows: Float32Array[], dim: number): Float32Array {
  const all = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => all.set(row, i * dim));
  return all;
}

function transferred(rows: Float32Array): Float32Array {
  return Comlink.transfer(rows, [rows.buffer as ArrayBuffer]);
}

function badOption(name: string, want: string): HeadstartError {
  return new HeadstartError("bad-option", `option \`${name}\`: ${want}`, name);
}
