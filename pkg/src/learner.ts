import * as Comlink from "comlink";
import type { AdaptReport, DoctorReport, Explanation, FineTuneCost, ImportOptions, Label, Learner, ModelInfo, Prediction, Progress, Report, SampleInfo, TrainEvent, TrainResult, TransferReport } from "../index";
import { orAborted } from "./abort";
import { adapt } from "./adapting";
import { Aborted } from "./border";
import { HeadstartError, brokeDown, toHeadstartError } from "./errors";
import { type Pixels, type Tokens, alike, firstFew, joined, tokenBatch } from "./batches";
import type { Session, Tokenizer } from "./generated/headstart_learner.js";
import { type Gpu, findGpu } from "./gpu";
import { base64 } from "./exports/base64";
import { type Source, vectors } from "./exports/vectors";
import { Hand, TunerHand } from "./hand";
import { sha256 } from "./hash";
import { readBlob } from "./input";
import { type Kept, keptOf, withContents } from "./kept";
import { Lane } from "./lane";
import { type Pack, loadPack } from "./pack";
import { Pool } from "./pool";
import { exportProject } from "./project/export";
import { type Origin, asRestored, fromFile, fromStore } from "./project/origin";
import { type Restored, restore } from "./project/restore";
import { type Held, Saver } from "./project/saver";
import { type ProjectRecord, type ProjectSettings, find, openStore, rowsOf } from "./project/store";
import type { Added, Embedded, Extracted, Given, GivenTarget, Hooks, Input, LearnerPort, Meta, Moved, OpenOptions, Opened, Picture, Stage, Table, Which } from "./protocol";
import { Recent } from "./recent";
import { type Host, type Outcome, type Recipe, fineTune, fineTuneCost } from "./tuning";
import { type Compiled, type LearnerModule, cpuBytes, learnerModule, modules } from "./wasm";

type Device = Learner["device"];

/** Pictures in one pass of a real GPU. A software one takes seconds for each, and abort promises to wait for one batch. */
const GPU_BATCH = 8;
/** Batches on their way to a GPU: the next is uploaded while one is computed. A software one has nowhere to upload to. */
const gpuRoom = ({ software }: { software: boolean }) => (software ? 1 : 2);
/** Tokens in one pass, padding included. On the CPU about a second's work, as abort waits for one. */
const TOKENS = { cpu: 1024, gpu: 4096, software: 128 };
/** What a build of the CPU module is called in `device.adapter`. */
const simd = ({ relaxed }: Compiled) => (relaxed ? "WebAssembly relaxed SIMD" : "WebAssembly SIMD");
/** Rows kept for pictures that were predicted or embedded: 5 MB. Those of samples are never dropped. */
const RECENT_ROWS = 1024;
const MOVED = ["tuned", "target"] as const;
/** The type of a Blob of pixels as the backbone reads them. */
const PIXELS = "application/x-headstart-pixels";
/** Of a text that is explained: what comes later is beyond what the backbone reads. */
const MOST_WORDS = 256;

/**
 * The learner's worker: holds samples, rows and head (in the CPU module), and sends pictures and texts to the extractors.
 * Decoding is always the pool's work, splitting into tokens is done here; the backbone runs in the pool, or on the GPU.
 */
export class LearnerWorker implements LearnerPort {
  #options!: OpenOptions;
  #hooks!: Comlink.Remote<Hooks>;
  #pack!: Pack;
  /** What extractors and trainings run on the CPU. */
  #code!: Compiled;
  #wasm!: LearnerModule;
  #session!: Session;
  /** Of a text learner. */
  #tokenizer?: Tokenizer;
  #pool!: Pool<Hand>;
  #hands = new Map<number, Hand | TunerHand>();
  /** Workers that died before their hand was here: the two messages come through two ports. */
  #stillborn = new Map<number, string>();
  #gpu?: OpenGpu;
  #texts = lanes((stage) => new Lane<Tokens>(
    () => (this.#gpu ? gpuRoom(this.#gpu) : this.#pool.size),
    (waiting) => alike(waiting, this.#gpu ? TOKENS[this.#gpu.software ? "software" : "gpu"] : TOKENS.cpu),
    (batch) => this.#extractTexts(batch, stage),
  ));
  /** Rows of contents that are no samples. */
  #recent = new Recent<{ rows: Rows; kept: Kept }>(RECENT_ROWS);
  /** Samples' pictures, by content: the files as they were given, which the browser keeps where they are, or pixels as the backbone reads them. */
  #sources = new Map<string, Blob>();
  /** Tensors in the place of the pack's: after a fine-tuning that was kept, and after an adaptation that estimated batch norms anew. */
  #files: Partial<Record<Moved, Uint8Array>> = {};
  /** Of a learner with a project. */
  #saver?: Saver;
  #settings!: ProjectSettings & { created: number };
  #model: ModelInfo | null = null;
  /** Changes of the samples. */
  #revision = 0;
  #device!: Device;
  #side = 0;
  #dim = 0;
  #seconds: Record<string, number> = {};
  #calls = new Map<number, AbortController>();
  /** Samples are entered in the order they were given, whichever was decoded first. */
  #lastAdd: Promise<unknown> = Promise.resolve();
  /** One training or evaluation at a time; the next waits. */
  #lastJob: Promise<unknown> = Promise.resolve();

  async open(call: number, options: OpenOptions, hooks: Hooks): Promise<Opened> {
    // Comlink has made a proxy of it on the way here.
    this.#hooks = hooks as unknown as Comlink.Remote<Hooks>;
    this.#options = options;
    const signal = this.#signal(call);
    const progress = (p: Progress) => void this.#hooks.progress(p);
    const start = performance.now();
    const [pack, { cpu, learner }] = await Promise.all([loadPack(options, signal, progress), modules(options.assets, options.wasm)]);
    this.#spend("download", start);
    this.#pack = pack;
    this.#code = cpu;
    this.#wasm = await learnerModule(learner);
    this.#wasm.checkFile(this.#pack.manifest, this.#pack.name, await sha256(this.#pack.weights, this.#wasm));
    const manifest = JSON.parse(this.#pack.manifest);
    this.#dim = manifest.dim;
    this.#side = manifest.preprocess?.size;
    this.#session = new this.#wasm.Session(this.#dim, options.seed);
    if (options.task === "text") {
      const { manifest, tokenizer } = this.#pack;
      if (!tokenizer) throw unfit(options.task);
      this.#tokenizer = new this.#wasm.Tokenizer(manifest, tokenizer, options.longText === "windows");
    } else if (this.#pack.tokenizer) {
      throw unfit(options.task);
    }
    signal.throwIfAborted();

    const gpuOnly = options.device === "webgpu";
    // Beside a GPU the pool decodes pictures; texts need no decoding.
    const hands = gpuOnly && this.#tokenizer ? 0 : options.workers;
    const workers = await Promise.all(Array.from({ length: hands }, () => this.#spawn(gpuOnly ? "encode" : "cpu")));
    this.#pool = new Pool(workers, (broken) => this.#renew(broken));
    signal.throwIfAborted();
    if (gpuOnly) {
      const gpu = await findGpu();
      this.#gpu = await this.#openGpu(gpu, (done, total) => progress({ stage: "warm up", done, total }));
      this.#device = { kind: "webgpu", adapter: gpu.name, reason: "asked for", workers: hands };
    } else {
      const reason = options.device === "cpu" ? "asked for" : "starting here; looking for a GPU";
      this.#device = { kind: "cpu", adapter: simd(this.#code), reason, workers: options.workers };
      if (options.device === "auto") void this.#tryGpu((done, total) => progress({ stage: "warm up", done, total }));
    }
    signal.throwIfAborted();
    const file = manifest.files.find((f: { name: string }) => f.name.endsWith(".safetensors"));
    const from = typeof options.backbone === "string" ? options.backbone : null;
    const { task, seed, longText } = options;
    this.#settings = { task, seed, longText, backbone: { id: manifest.id, sha256: file.sha256, dim: this.#dim, from }, created: Date.now() };
    if (options.file || options.project !== undefined) await this.#openProject(signal, progress);
    await this.#pack.kept;
    const { registry, package: name, version, file: published, sha256: hash, origin } = manifest.source;
    return {
      device: this.#device,
      backbone: {
        id: manifest.id,
        dim: manifest.dim,
        sha256: file.sha256,
        licence: manifest.licence,
        source: `${origin}; ${name} ${version} (${registry}), ${published}, sha256 ${hash}`,
        bytes: file.bytes,
      },
      labels: this.#session.labels(),
      model: this.#model,
      project: this.#saver?.state ?? null,
    };
  }

  async add(call: number, input: Input, meta: Meta): Promise<Added> {
    const before = this.#lastAdd;
    let entered = () => {};
    this.#lastAdd = new Promise<void>((resolve) => (entered = resolve));
    try {
      const { content, rows, kept, cut } = await this.#rows(call, input, this.#stages(), true);
      await before;
      this.#signal(call).throwIfAborted();
      const added = withContents(this.#wasm, [kept], (contents) => this.#session.add(content, meta, rows.frozen!, contents, call));
      // Where a fine-tuning has begun or ended since, the sample is caught up with before the next job.
      if (rows.tuned) this.#session.insertTuned(content, rows.tuned);
      // Those that come after it need not wait until it is saved.
      entered();
      if (added.duplicate) return { ...added, cut };
      this.#changed();
      const unsaved = (await this.#saver?.added(content)) === false;
      return { ...added, cut, ...(unsaved ? { unsaved } : {}) };
    } finally {
      void before.then(entered);
    }
  }

  async embed(call: number, input: Input, which: Which): Promise<Embedded> {
    const stage = which === "frozen" ? which : which === "samples" ? this.#stages().at(-1)! : this.#stage;
    const { content, rows, kept } = await this.#rows(call, input, [stage]);
    // A copy: the row stays in the cache.
    const copy = rows[stage]!.slice();
    return Comlink.transfer({ content, row: copy, kept }, [copy.buffer]);
  }

  async samples(): Promise<SampleInfo[]> {
    return this.#session.samples();
  }

  async labels(): Promise<string[]> {
    return this.#session.labels();
  }

  async relabel(ids: string[], label: Label | null): Promise<void> {
    this.#session.relabel(ids, label);
    await this.#edited();
  }

  async remove(ids: string[]): Promise<void> {
    this.#session.remove(ids);
    await this.#edited();
  }

  async undo(): Promise<boolean> {
    const done = this.#session.undo();
    if (done) await this.#edited();
    return done;
  }

  async redo(): Promise<boolean> {
    const done = this.#session.redo();
    if (done) await this.#edited();
    return done;
  }

  data(ids: string[]): Promise<(Blob | string | null)[]> {
    return Promise.all(ids.map(async (id) => {
      const content = this.#session.contentOf(id);
      if (content === undefined) throw new HeadstartError("unknown-id", `no sample has the id ${JSON.stringify(id)}`, id);
      if (this.#tokenizer) return this.#session.text(content)!;
      const source = await this.#source(content);
      // Pixels that cannot be read any more are as none.
      return source?.type === PIXELS ? asPng(source, this.#side).catch(() => null) : (source ?? null);
    }));
  }

  async save(): Promise<void> {
    await this.#saver?.save();
  }

  async rename(name: string): Promise<void> {
    await this.#saver!.rename(name);
  }

  exportProject(call: number, samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<Blob> {
    // In the midst of a training samples, model and tensors would not belong together.
    return this.#inTurn("export", call, (signal) => {
      const { created, task, seed, longText, backbone } = this.#settings;
      const settings = { task, seed, longText, backbone, created, name: this.#saver?.state.name, model: this.#model };
      const source = samples && !this.#tokenizer ? (content: string) => this.#source(content) : undefined;
      return exportProject(this.#session, settings, source, this.#files, signal, progress);
    });
  }

  train(
    call: number,
    recipe: Record<string, unknown>,
    emit: (event: TrainEvent) => Promise<boolean>,
  ): Promise<TrainResult> {
    let revision = 0;
    const begin = () => {
      revision = this.#revision;
      this.#session.startTraining({ seed: this.#options.seed, ...recipe });
    };
    const start = performance.now();
    // Waiting for the page keeps events in order, and lets an abort in between two steps.
    const heard = async (progress: Progress) => {
      if (!(await emit({ type: "progress", ...progress }))) throw new Aborted();
    };
    return this.#alone<TrainResult>("train", call, begin, heard).then(async (fitted) => {
      const result = { ...fitted, seconds: (performance.now() - start) / 1000 };
      await this.#learnt({ result, negative: textOf(recipe.negative), adapted: null }, revision);
      return result;
    });
  }

  async fineTune(call: number, recipe: Record<string, unknown>, emit: (event: TrainEvent) => Promise<boolean>): Promise<TrainResult> {
    const start = performance.now();
    const heard = async (event: TrainEvent) => {
      if (!(await emit(event))) throw new Aborted();
    };
    // Who left the loop wants nothing changed; who aborted wants the best so far.
    const stopped = () => emit({ type: "progress", stage: "stopped", done: 0, total: 0 });
    let revision = 0;
    const { result } = await this.#inTurn("fine-tune", call, async (signal): Promise<Outcome> => {
      await this.#prepare(signal, (progress) => heard({ type: "progress", ...progress }));
      revision = this.#revision;
      const outcome = await this.#whereFastest(signal, (host) => fineTune(host, { seed: this.#options.seed, ...recipe }, signal, heard, stopped));
      // Without one, what was tuned before is gone from the session.
      if (outcome.result.kept || !this.#session.isTuned()) await this.#use("tuned", outcome.file);
      await this.#catchUp(new AbortController().signal);
      return outcome;
    });
    const timed = { ...result, seconds: (performance.now() - start) / 1000 };
    // Where it was stopped before anything could be chosen, the model is the one from before.
    if (Object.keys(result.chosen).length > 0) await this.#learnt({ result: timed, negative: this.#model?.negative ?? null, adapted: null }, revision);
    return timed;
  }

  fineTuneCost(call: number, recipe: Record<string, unknown>): Promise<FineTuneCost> {
    return this.#inTurn("cost", call, async (signal) => {
      await this.#prepare(signal, async () => {});
      return this.#whereFastest(signal, (host) => fineTuneCost(host, { seed: this.#options.seed, ...recipe }, signal));
    });
  }

  async evaluate(
    call: number,
    { folds, repeats, seed }: { folds: number; repeats?: number; seed?: number },
    progress: (progress: Progress) => Promise<void>,
  ): Promise<Omit<Report, "rejected">> {
    const report = await this.#alone<Report>("evaluate", call, () => this.#session.startEvaluation(folds, repeats, seed), progress);
    return { ...report, bill: this.#bill() };
  }

  async adapt(
    call: number,
    { ids, metas, contents, rows, kept, again }: GivenTarget,
    progress: (progress: Progress) => Promise<void>,
    read: (content: string) => Promise<Input>,
  ): Promise<Omit<AdaptReport, "rejected">> {
    let revision = 0;
    const report = await this.#inTurn("adapt", call, async (signal) => {
      await this.#prepare(signal, progress);
      revision = this.#revision;
      withContents(this.#wasm, kept, (kept) => this.#session.startAdaptation(ids, metas, rows, kept));
      const pixels = async (content: string, signal: AbortSignal) => (await this.#readAgain(content, (await read(content)) as Picture, signal)).pixels;
      const places = new Map(contents.map((content, i) => [content, i]));
      const nameOf = (content: string) => ids[places.get(content)!]!;
      const { report, file } = await adapt(this.#host(signal, "cpu", ""), { again, places, nameOf, pixels }, signal, progress);
      if (file) await this.#use("target", file);
      return report;
    });
    if (report.kept) await this.#learnt({ result: this.#model!.result, negative: this.#model!.negative, adapted: report.method }, revision);
    return report;
  }

  async evaluateOn({ ids, metas, rows, kept }: Given): Promise<Omit<Report, "rejected">> {
    const report = withContents(this.#wasm, kept, (contents) => this.#session.evaluateOn(ids, metas, rows, contents));
    return { ...report, bill: this.#bill() };
  }

  async predict(rows: Float32Array, kept: Kept[], reject?: number): Promise<Prediction[]> {
    return withContents(this.#wasm, kept, (contents) => this.#session.predict(rows, contents, reject));
  }

  async verdict(call: number, progress: (progress: Progress) => Promise<void>): Promise<TransferReport> {
    // How long each row took: a part of the work is that of the row it names.
    const seconds: Record<string, number> = {};
    let last = performance.now();
    const heard = async (now: Progress) => {
      seconds[now.stage] = (seconds[now.stage] ?? 0) + (performance.now() - last) / 1000;
      last = performance.now();
      await progress({ ...now, stage: `verdict: ${now.stage}` });
    };
    const begin = () => {
      this.#session.startVerdict();
      last = performance.now();
    };
    const report = await this.#alone<TransferReport>("verdict", call, begin, heard);
    return { ...report, rows: report.rows.map((row) => ({ ...row, seconds: seconds[row.name] ?? 0 })) };
  }

  doctor(call: number, progress: (progress: Progress) => Promise<void>): Promise<DoctorReport> {
    return this.#alone("doctor", call, () => this.#session.startDoctor(), progress);
  }

  async explain(call: number, input: Input): Promise<Explanation> {
    return "text" in input ? this.#explainText(call, input.text) : this.#explainPicture(input, this.#signal(call));
  }

  async #explainPicture(input: Picture, signal: AbortSignal): Promise<Explanation> {
    const { pixels, kept } = await this.#pool.run(async (hand) => {
      await hand.identify(input);
      return hand.encode();
    }, signal);
    const map = await this.#featureMap(pixels, signal);
    signal.throwIfAborted();
    const { label, weights, nearest } = withContents(this.#wasm, [kept], (contents) => this.#session.explainPicture(map, contents));
    const side = Math.sqrt(weights.length);
    return { label, heatmap: { data: Float32Array.from(weights as number[]), width: side, height: side }, nearest };
  }

  async #featureMap(pixels: Uint8Array, signal: AbortSignal): Promise<Float32Array> {
    if (this.#gpu) {
      try {
        // A copy: the pool needs them where the GPU fails.
        return await onGpu(this.#gpu.hand.featureMap(pixels.slice(), this.#stage));
      } catch (error) {
        if (this.#options.device === "webgpu" || signal.aborted) throw error;
        await this.#leaveGpu(error);
      }
    }
    return this.#pool.run((hand) => hand.featureMap(pixels, this.#stage), signal, true);
  }

  /** A text without each of its words goes through the backbone as a text of its own. */
  async #explainText(call: number, text: string): Promise<Explanation> {
    const words = wordsOf(text);
    // Of a long text the beginning: with each of its words it goes through the backbone once more.
    const begin = words.length < MOST_WORDS ? text : text.slice(0, words.at(-1)!.end);
    const texts = [begin, ...words.map(({ start, end }) => begin.slice(0, start) + begin.slice(end))];
    const signal = this.#signal(call);
    // Past the caches: nobody will ask for these again.
    const embed = (text: string) => this.#embedWindows(this.#tokenizer!.encode(text).windows, this.#stage, signal);
    const rows = new Float32Array(texts.length * this.#dim);
    (await Promise.all(texts.map(embed))).forEach((row, i) => rows.set(row, i * this.#dim));
    const kept = texts.map((text) => ({ text }));
    const { label, weights, nearest } = withContents(this.#wasm, kept, (contents) => this.#session.explain(rows, contents));
    return { label, tokens: words.map((word, i) => ({ ...word, weight: weights[i] })), nearest };
  }

  async projection(): Promise<{ id: string; x: number; y: number }[]> {
    return this.#session.projection();
  }

  async importTexts(file: Uint8Array, options: ImportOptions): Promise<Table> {
    return this.#wasm.importTexts(file, options);
  }

  exportFile(call: number, format: "safetensors" | "onnx", samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#inTurn("export", call, async (signal) => {
      const file = await this.#written(format, samples, signal, progress);
      return Comlink.transfer(file, [file.buffer]);
    });
  }

  exportPage(call: number, samples: boolean, progress: (progress: Progress) => Promise<void>): Promise<{ model: Blob; wasm: Blob }> {
    return this.#inTurn("export", call, async (signal) => {
      const wasm = await cpuBytes(this.#options.assets, this.#options.wasm);
      const model = await this.#written("compact", samples, signal, progress);
      return { model: await base64(model), wasm: await base64(wasm) };
    });
  }

  async #written(format: "safetensors" | "onnx" | "compact", samples: boolean, signal: AbortSignal, progress: (progress: Progress) => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
    const tokens = (text: string) => ({ text, ids: Uint32Array.from(this.#tokenizer!.encode(text).windows[0]) });
    const source: Source = {
      side: this.#tokenizer ? undefined : this.#side,
      samples: () => this.#session.samples(),
      read: async (id) => {
        const content = this.#session.contentOf(id)!;
        return this.#tokenizer ? tokens(this.#session.text(content)!) : { pixels: await this.#pixels(content, signal) };
      },
      tokens,
      features: ({ pixels, ids }) => (pixels ? this.#extract(pixels.slice(), this.#stage, signal) : this.#embedWindows([[...ids!]], this.#stage, signal)),
    };
    const proofs = await vectors(source, samples, async (now) => {
      await progress(now);
      signal.throwIfAborted();
    });
    const { manifest, weights, tokenizer } = this.#pack;
    // What it predicts by.
    const moved = this.#stage === "frozen" ? undefined : this.#files[this.#stage];
    return this.#session.exportFile(format, manifest, weights, tokenizer, moved, proofs, this.#options.longText === "windows") as Uint8Array<ArrayBuffer>;
  }

  broke(extractor: number, why: string): void {
    const hand = this.#hands.get(extractor);
    if (hand) hand.broke(why);
    else this.#stillborn.set(extractor, why);
  }

  abort(call: number): void {
    this.#controller(call).abort(new Aborted());
  }

  end(call: number): void {
    this.#calls.delete(call);
  }

  get #stage(): Stage {
    return this.#files.target ? "target" : this.#stages().at(-1)!;
  }

  /** What a sample needs rows of. */
  #stages(): Stage[] {
    return this.#files.tuned ? ["frozen", "tuned"] : ["frozen"];
  }

  /** A content's id and its rows: from the cache, or made. `keep`: so that a fine-tuning can read it again. */
  async #rows(call: number, input: Input, stages: Stage[], keep = false): Promise<Row> {
    const signal = this.#signal(call);
    return "text" in input ? this.#textRows(input.text, stages, signal) : this.#pictureRows(input, stages, keep, signal);
  }

  /** By the stages asked for, where all are known; with what is kept of the content. */
  #known(content: string, stages: Stage[]): { rows: Rows; kept?: Kept } | undefined {
    const of: Rows = { frozen: this.#session.row(content), tuned: this.#session.tunedRow(content) };
    const has = (rows: Rows | undefined) => rows && stages.every((stage) => rows[stage]);
    return has(of) ? { rows: of } : has(this.#recent.get(content)?.rows) ? this.#recent.get(content) : undefined;
  }

  async #textRows(text: string, stages: Stage[], signal: AbortSignal): Promise<Row> {
    signal.throwIfAborted();
    const start = performance.now();
    const content = this.#wasm.contentId(this.#wasm.sha256(new TextEncoder().encode(text)));
    const { windows, tokens, kept: used }: { windows: Tokens[]; tokens: number; kept: number } = this.#tokenizer!.encode(text);
    this.#spend("encode", start);
    const cut = used < tokens ? { tokens, kept: used } : undefined;
    const known = this.#known(content, stages);
    const rows = known?.rows ?? (await byStage(stages, (stage) => this.#embedWindows(windows, stage, signal)));
    // Without the text: a thousand of a megabyte each would be a gigabyte.
    if (!known) this.#recent.set(content, { rows, kept: { text: "" } });
    return { content, rows, kept: { text }, cut };
  }

  /** Each window waits by itself, so that an abort never waits for the whole of a long text. */
  async #embedWindows(windows: Tokens[], stage: Stage, signal: AbortSignal): Promise<Float32Array> {
    const rows = await Promise.all(windows.map((window) => this.#texts[stage].row(window, signal)));
    if (rows.length === 1) return rows[0]!;
    const all = new Float32Array(rows.length * this.#dim);
    rows.forEach((row, i) => all.set(row, i * this.#dim));
    return this.#wasm.joinWindows(all, Uint32Array.from(windows, (window) => window.length));
  }

  async #pictureRows(input: Picture, stages: Stage[], keep: boolean, signal: AbortSignal): Promise<Row> {
    const { content, known, encoded } = await this.#pool.run(async (hand) => {
      const start = performance.now();
      const content = await hand.identify(input);
      // Pixels that came decoded are not to be had again.
      const keepPixels = keep && !("blob" in input) && !this.#sources.has(content);
      const known = this.#known(content, stages);
      const encoded = known && !keepPixels ? undefined : await hand.encode();
      this.#spend("encode", start);
      return { content, known, encoded };
    }, signal);
    // The file that was given last: one from before may be gone.
    if (keep && "blob" in input) this.#sources.set(content, input.blob);
    else if (keep && !this.#sources.has(content)) this.#sources.set(content, new Blob([encoded!.pixels as BlobPart], { type: PIXELS }));
    if (known) return { content, rows: known.rows, kept: known.kept ?? this.#keptOf(content) };
    const { pixels, kept } = encoded!;
    const rows = await byStage(stages, (stage) => this.#extract(pixels.slice(), stage, signal));
    this.#recent.set(content, { rows, kept });
    return { content, rows, kept };
  }

  /** Of a content that has a row. */
  #keptOf(content: string): Kept {
    const picture = this.#session.kept(content)!;
    const kept = keptOf(picture);
    picture.free();
    return kept;
  }

  /** A sample's picture once more, as the backbone reads it. */
  async #pixels(content: string, signal: AbortSignal): Promise<Uint8Array> {
    const blob = await this.#source(content);
    if (!blob) throw new HeadstartError("unreadable", "this picture is not here any more; add it again");
    return (await this.#encoded(content, blob, signal)).pixels;
  }

  /** The project's copy, since a file on the disk may have been changed since; without one, what is in memory. */
  async #source(content: string): Promise<Blob | undefined> {
    const given = this.#sources.get(content);
    try {
      return (await this.#saver?.source(content)) ?? given;
    } catch (error) {
      if (given) return given;
      throw error;
    }
  }

  async #encoded(content: string, blob: Blob, signal: AbortSignal): Promise<{ pixels: Uint8Array; kept?: Kept }> {
    if (blob.type === PIXELS) return { pixels: await readBlob(blob) };
    return this.#readAgain(content, { blob }, signal);
  }

  /** A file can have been changed on the disk since, a canvas drawn over. */
  #readAgain(content: string, picture: Picture, signal: AbortSignal): Promise<{ pixels: Uint8Array; kept: Kept }> {
    return this.#pool.run(async (hand) => {
      if ((await hand.identify(picture)) !== content) throw new HeadstartError("unreadable", "this picture was changed since it was added; add it again");
      return hand.encode();
    }, signal);
  }

  #tokens(content: string): Uint32Array {
    const { windows }: { windows: Tokens[] } = this.#tokenizer!.encode(this.#session.text(content)!);
    return Uint32Array.from(windows[0]!);
  }

  /** On the GPU, if that is where the backbone runs. `"auto"` begins anew on the CPU where that fails. */
  async #whereFastest<T>(signal: AbortSignal, work: (host: Host) => Promise<T>): Promise<T> {
    if (!this.#gpu) return work(this.#host(signal, "cpu", ""));
    try {
      return await work(this.#host(signal, "webgpu", ", on WebGPU"));
    } catch (error) {
      if (this.#options.device === "webgpu" || signal.aborted || !brokeDown(error)) throw error;
      return work(this.#host(signal, "cpu", `, on the CPU (the GPU failed: ${toHeadstartError(error).message})`));
    }
  }

  #host(signal: AbortSignal, device: Device["kind"], where: string): Host {
    const names = new Map((this.#session.samples() as SampleInfo[]).map((sample) => [sample.id, sample.name ?? sample.id]));
    return {
      session: this.#session,
      text: this.#tokenizer !== undefined,
      device,
      where,
      // A GPU does one thing at a time.
      workers: device === "webgpu" ? 1 : this.#options.workers,
      spawn: (stages, asTuned) => this.#spawnTuner(stages, device === "webgpu", asTuned ? this.#files.tuned : undefined),
      retire: (hand) => this.#retire(hand),
      pixels: (content, signal) => this.#pixels(content, signal),
      tokens: (content) => this.#tokens(content),
      nameOf: (content) => names.get(content) ?? content,
      finish: (heard) => this.#finish(signal, heard),
    };
  }

  /** What was saved, and from now on what is to be saved. */
  async #openProject(signal: AbortSignal, progress: (p: Progress) => void): Promise<void> {
    const { project: name, file } = this.#options;
    const store = name === undefined ? undefined : await openStore();
    try {
      const saved = store && (await find(store, name!));
      const stored = saved && (await fromStore(store, saved));
      const origin: Origin | undefined = stored ?? (file && (await fromFile(file, this.#wasm)));
      const restored = origin && (await this.#restore(origin, signal, progress));
      if (name === undefined) return;
      // One that was given its files this time can be opened by its name again.
      if (restored?.same && saved) this.#settings.backbone.from ??= saved.backbone.from;
      const fresh = { ...this.#settings, id: crypto.randomUUID(), name, changed: 0, samples: 0, labels: [], bytes: 0, model: this.#model };
      const record: ProjectRecord = { ...(saved ?? fresh), ...this.#settings };
      const known = stored && asRestored(stored.known, restored!.lost);
      this.#saver = new Saver(record, known, this.#held(), (state, first) => void this.#hooks.project(state, first));
      if (known && !restored!.same) await this.#saver.rebased();
      else if (known && restored!.anew) await this.#saver.changed();
      // What a file brought; a full storage is told like any other time.
      if (file) await this.#saver.changed();
      if (file && this.#model) await this.#saver.trained();
    } finally {
      store?.close();
    }
  }

  async #restore(origin: Origin, signal: AbortSignal, progress: (p: Progress) => void): Promise<Restored> {
    const { created, model } = origin.settings;
    const text = this.#tokenizer !== undefined;
    const rows = { now: rowsOf(this.#settings), saved: rowsOf(origin.settings) };
    const contentAnew = async (content: string, known: Kept | undefined, source: Blob | undefined) => {
      if (text) return known && "text" in known ? { row: await this.#embedWindows(this.#tokenizer!.encode(known.text).windows, "frozen", signal), kept: known } : undefined;
      if (!source) return undefined;
      const { pixels, kept = known } = await this.#encoded(content, source, signal);
      if (pixels.length !== this.#side * this.#side * 3) throw new HeadstartError("backbone-differs", "a picture that came as pixels is kept in another backbone's size; open the project with the backbone that it was made with");
      return kept && { row: await this.#extract(pixels, "frozen", signal), kept };
    };
    const restored = await restore(origin, { wasm: this.#wasm, session: this.#session, text, rows, signal, progress, contentAnew });
    const { same, model: kept, files, lost } = restored;
    const leftOut = (done: number, note: string) => progress({ stage: "left out", done, total: done, note });
    if (lost.length > 0) leftOut(lost.length, `these cannot be read, and stay in the project as they are: ${lost.map(({ name, id }) => name ?? id).join(", ")}`);
    if (same && model && !kept) leftOut(1, "the model cannot be read; train again");
    if (created !== undefined) this.#settings.created = created;
    if (kept) this.#model = model ?? null;
    for (const stage of ["tuned", "target"] as const) if (files[stage]) await this.#use(stage, files[stage]);
    if (this.#options.file && !text) {
      for (const { content } of origin.samples) {
        const source = await origin.source(content);
        if (source) this.#sources.set(content, source);
      }
    }
    origin.end();
    return restored;
  }

  /** What the saver reads of the learner. */
  #held(): Held {
    const session = this.#session;
    return {
      samples: () => session.samples(),
      sample: (content) => session.sample(content),
      contentOf: (id) => session.contentOf(id)!,
      content: (content) => ({ row: session.row(content)!, kept: this.#tokenizer ? { text: session.text(content)! } : this.#keptOf(content) }),
      source: (content) => this.#sources.get(content),
      takeSource: (content, source) => void this.#sources.set(content, source),
      tunedRow: (content) => session.tunedRow(content),
      state: () => session.state(),
      files: () => this.#files,
      model: () => this.#model,
    };
  }

  /** The samples are others than those that the model was trained on. */
  #changed(): void {
    this.#revision++;
    if (this.#model && !this.#model.stale) this.#tell({ ...this.#model, stale: true });
  }

  async #edited(): Promise<void> {
    this.#changed();
    await this.#saver?.changed();
  }

  async #learnt(model: Pick<ModelInfo, "result" | "negative" | "adapted">, revision: number): Promise<void> {
    this.#tell({ ...model, tuned: this.#session.isTuned(), stale: revision !== this.#revision });
    await this.#saver?.trained();
  }

  #tell(model: ModelInfo): void {
    this.#model = model;
    void this.#hooks.model(model);
  }

  /** Every extractor holds this backbone too; without a file, none does. */
  async #use(stage: Moved, file?: Uint8Array): Promise<void> {
    if (file) this.#files[stage] = file;
    else delete this.#files[stage];
    this.#recent.clear();
    const hands = [...this.#hands.values()].filter((hand) => hand instanceof Hand && hand.extracts) as Hand[];
    await Promise.all(hands.map((hand) => hand.use(stage, this.#tensors(stage))));
  }

  #tensors(stage: Moved): { weights: Uint8Array; file: Uint8Array } | undefined {
    const file = this.#files[stage];
    return file && { weights: this.#pack.weights, file };
  }

  /** Samples that the tuned backbone has not seen: those without a label, and what was undone. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const missing: string[] = this.#session.untuned();
    await Promise.all(missing.map(async (content) => {
      const row = this.#tokenizer
        ? await this.#embedWindows(this.#tokenizer.encode(this.#session.text(content)!).windows, "tuned", signal)
        : await this.#extract(await this.#pixels(content, signal), "tuned", signal);
      this.#session.insertTuned(content, row);
    }));
    if (missing.length > 0) await this.#saver?.caughtUp(missing);
  }

  async #extract(pixels: Uint8Array, stage: Stage, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    if (this.#gpu) {
      try {
        return await this.#gpu.pictures[stage].row(pixels, signal);
      } catch (error) {
        if (this.#options.device === "webgpu" || signal.aborted) throw error;
        await this.#leaveGpu(error);
      }
    }
    return this.#pool.run((hand) => this.#timed(hand.extract(pixels, 1, stage)), signal, true);
  }

  async #extractTexts(batch: Tokens[], stage: Stage): Promise<Float32Array> {
    const run = (hand: Hand) => this.#timed(hand.extractTexts(tokenBatch(batch), stage));
    if (this.#gpu) {
      try {
        return await onGpu(run(this.#gpu.hand));
      } catch (error) {
        if (this.#options.device === "webgpu") throw error;
        await this.#leaveGpu(error);
      }
    }
    return this.#pool.run(run, new AbortController().signal);
  }

  /** "auto" goes on where it can; the reason is on show. */
  async #leaveGpu(error: unknown): Promise<void> {
    const gpu = this.#gpu;
    // A batch fails as a whole: its other pictures were here before.
    if (!gpu) return;
    this.#gpu = undefined;
    this.#announce({ kind: "cpu", adapter: simd(this.#code), reason: `the GPU failed: ${toHeadstartError(error).message}` });
    await this.#retire(gpu.hand);
  }

  async #timed(extracted: Promise<Extracted>): Promise<Float32Array> {
    const answer = await extracted;
    this.#seconds.extract = (this.#seconds.extract ?? 0) + answer.seconds;
    return answer.rows;
  }

  /** Runs a job of the session to its end, when no other is under way; `progress` is awaited, and may throw. */
  #alone<T>(part: string, call: number, begin: () => void, progress: (progress: Progress) => Promise<void>): Promise<T> {
    return this.#inTurn(part, call, async (signal) => {
      await this.#prepare(signal, progress);
      begin();
      return this.#finish<T>(signal, progress);
    });
  }

  /** When no other job is under way. */
  #inTurn<T>(part: string, call: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = this.#signal(call);
    const before = this.#lastJob;
    const job = orAborted(before, signal).then(async () => {
      const start = performance.now();
      try {
        return await work(signal);
      } finally {
        this.#session.cancel();
        // Another model than the one it was made for.
        if (this.#files.target && !this.#session.isRenormed()) await this.#use("target");
        this.#spend(part, start);
      }
    });
    // One that was aborted while it waited ends before its turn; the next waits for the turn all the same.
    this.#lastJob = Promise.allSettled([before, job]);
    return job;
  }

  /** What every job needs to be known of the samples. */
  async #prepare(signal: AbortSignal, progress: (progress: Progress) => Promise<void>): Promise<void> {
    await this.#catchUp(signal);
    for (let rows = this.#session.prepare(); rows; rows = this.#session.prepare()) {
      await progress({ stage: "look for duplicates", done: rows[0]!, total: rows[1]! });
      signal.throwIfAborted();
    }
  }

  /** The session's job to its end. */
  async #finish<T>(signal: AbortSignal, progress: (progress: Progress) => Promise<void>): Promise<T> {
    for (;;) {
      const { result, ...now } = this.#session.step();
      if (result) return result as T;
      await progress(now);
      signal.throwIfAborted();
    }
  }

  async #spawn(kind: "cpu" | "encode" | "webgpu"): Promise<Hand> {
    const { id, port } = await this.#hooks.spawn("extractor");
    const hand = this.#hold(new Hand(id, port, kind !== "encode"));
    try {
      await hand.load({
        assets: this.#options.assets,
        code: this.#code,
        manifest: this.#pack.manifest,
        weights: kind === "encode" ? undefined : this.#pack.weights,
        webgpu: kind === "webgpu",
      });
      if (hand.extracts) await Promise.all(MOVED.map((stage) => hand.use(stage, this.#tensors(stage))));
      return hand;
    } catch (error) {
      await this.#retire(hand);
      throw error;
    }
  }

  async #spawnTuner(stages: number, webgpu: boolean, tuned?: Uint8Array): Promise<TunerHand> {
    const { id, port } = await this.#hooks.spawn("tuner");
    const hand = this.#hold(new TunerHand(id, port));
    try {
      const { manifest, weights } = this.#pack;
      await hand.open({ assets: this.#options.assets, code: this.#code, manifest, weights, stages, webgpu, tuned });
      return hand;
    } catch (error) {
      await this.#retire(hand);
      throw error;
    }
  }

  #hold<H extends Hand | TunerHand>(hand: H): H {
    this.#hands.set(hand.id, hand);
    const why = this.#stillborn.get(hand.id);
    if (why !== undefined) hand.broke(why);
    return hand;
  }

  async #renew(broken: Hand): Promise<Hand> {
    await this.#retire(broken);
    return this.#spawn(this.#options.device === "webgpu" ? "encode" : "cpu");
  }

  async #retire(hand: Hand | TunerHand): Promise<void> {
    this.#hands.delete(hand.id);
    // Who still waits for it must not wait for ever.
    hand.broke("it was given up");
    await this.#hooks.retire(hand.id);
  }

  /** Opens the GPU in a worker of its own, and has it compile its kernels. */
  async #openGpu(gpu: Gpu, warm: (done: number, total: number) => void = () => {}): Promise<OpenGpu> {
    const hand = await this.#spawn("webgpu");
    const rows = gpu.software ? 1 : GPU_BATCH;
    try {
      await hand.warmUp(rows, warm);
    } catch (error) {
      await this.#retire(hand);
      throw error;
    }
    const extract = (stage: Stage) => (batch: Pixels[]) => onGpu(this.#timed(hand.extract(joined(batch), batch.length, stage)));
    return { hand, software: gpu.software, pictures: lanes((stage) => new Lane(() => gpuRoom(gpu), firstFew(rows), extract(stage))) };
  }

  /** `"auto"`: a real GPU is opened beside the CPU, timed, and taken if it is faster. */
  async #tryGpu(warm: (done: number, total: number) => void): Promise<void> {
    let opened: OpenGpu | undefined;
    try {
      const gpu = await findGpu();
      if (gpu.software) throw new HeadstartError("no-webgpu", `the only adapter here is a software one (${gpu.name})`);
      opened = await this.#openGpu(gpu, warm);
      const forever = new AbortController().signal;
      const onCpu = (await this.#pool.run((hand) => this.#milliseconds(hand, 1), forever)) / this.#pool.size;
      // One picture first: a GPU so slow that no batch could save it is not asked for a whole one.
      let onGpu = await this.#milliseconds(opened.hand, 1);
      if (onGpu < GPU_BATCH * onCpu) onGpu = (await this.#milliseconds(opened.hand, GPU_BATCH)) / GPU_BATCH;
      if (onGpu < onCpu) {
        this.#gpu = opened;
        const reason = `${(onCpu / onGpu).toFixed(1)} times as fast as the CPU here`;
        this.#announce({ kind: "webgpu", adapter: gpu.name, reason });
      } else {
        await this.#retire(opened.hand);
        this.#announce({ reason: `${(onGpu / onCpu).toFixed(1)} times as fast as the GPU here (${gpu.name})` });
      }
    } catch (error) {
      if (opened) await this.#retire(opened.hand);
      this.#announce({ reason: toHeadstartError(error).message });
    }
  }

  /** Of one pass over blank pictures, or texts of 32 tokens: the second, as the first compiles shaders and warms the engine. */
  async #milliseconds(hand: Hand, rows: number): Promise<number> {
    const text: Tokens = Array(32).fill(0);
    const pass = () =>
      this.#tokenizer
        ? hand.extractTexts(tokenBatch(Array(rows).fill(text)), "frozen")
        : hand.extract(new Uint8Array(rows * this.#side * this.#side * 3), rows, "frozen");
    await pass();
    return 1000 * (await pass()).seconds;
  }

  #announce(change: Partial<Device>): void {
    this.#device = { ...this.#device, ...change };
    void this.#hooks.device(this.#device);
  }

  #bill(): Report["bill"] {
    const labels = (this.#session.samples() as SampleInfo[]).filter((s) => s.label !== null).length;
    return { seconds: { ...this.#seconds }, labels, bytes: this.#pack.fetched };
  }

  #spend(part: string, since: number): void {
    this.#seconds[part] = (this.#seconds[part] ?? 0) + (performance.now() - since) / 1000;
  }

  #signal(call: number): AbortSignal {
    return this.#controller(call).signal;
  }

  #controller(call: number): AbortController {
    let controller = this.#calls.get(call);
    if (!controller) this.#calls.set(call, (controller = new AbortController()));
    return controller;
  }
}

/** Pixels as the backbone reads them → a picture that anything can show. */
async function asPng(pixels: Blob, side: number): Promise<Blob> {
  const rgb = new Uint8Array(await pixels.arrayBuffer());
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) image.data.set([rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!, 255], 4 * i);
  const canvas = new OffscreenCanvas(side, side);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A content's row by each backbone that was asked. */
type Rows = Partial<Record<Stage, Float32Array>>;

/** A content's rows, with what is kept of it. */
interface Row {
  content: string;
  rows: Rows;
  kept: Kept;
  cut?: Added["cut"];
}

function lanes<I>(make: (stage: Stage) => Lane<I>): Record<Stage, Lane<I>> {
  return { frozen: make("frozen"), tuned: make("tuned"), target: make("target") };
}

async function byStage(stages: Stage[], row: (stage: Stage) => Promise<Float32Array>): Promise<Rows> {
  return Object.fromEntries(await Promise.all(stages.map(async (stage) => [stage, await row(stage)] as const)));
}

interface OpenGpu {
  hand: Hand;
  software: boolean;
  pictures: Record<Stage, Lane<Pixels>>;
}

/** A GPU's worker that broke is broken for every sample: no fault of the one it was at. */
async function onGpu<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, message } = toHeadstartError(error);
    throw code === "worker-failed" ? new HeadstartError("gpu-lost", `the GPU stopped answering (${message}); create the learner again`) : error;
  }
}

function unfit(task: OpenOptions["task"]): HeadstartError {
  return new HeadstartError("bad-pack", `this backbone is not for task "${task}"; leave \`backbone\` out, or name one that is`, "manifest.json");
}

/** The words of a text, as the browser divides its language. */
function wordsOf(text: string): { text: string; start: number; end: number }[] {
  return [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)]
    .filter((part) => part.isWordLike)
    .slice(0, MOST_WORDS)
    .map(({ segment, index }) => ({ text: segment, start: index, end: index + segment.length }));
}
