import type { CallOptions, ExportInfo, OpenedExport, PredictData, PredictOptions, ExportPrediction, Verification } from "../../predict";
import { checkIterable, checkReject } from "../check";
import { HeadstartError, toHeadstartError } from "../errors";
import type { Predictor } from "../generated/headstart_cpu.js";
import { readOddFormat } from "../pixels";
import type { CpuModule } from "../wasm";
import { type Given, toGiven } from "./data";

/** Milliseconds after which a page gets its turn. */
const TURN = 40;
/** By how much a score may differ from the learner's. */
const TOLERANCE = 1e-4;

/** An export that is open. It works on the thread that opened it: a page with much to predict opens it in a worker of its own. */
export class Opened implements OpenedExport {
  readonly info: ExportInfo;
  #predictor: Predictor | undefined;
  #turn = 0;

  /** Errors: `bad-export`, `export-too-new`. */
  constructor(wasm: Pick<CpuModule, "Predictor">, file: Uint8Array) {
    try {
      this.#predictor = new wasm.Predictor(file);
      this.info = this.#predictor.info();
    } catch (error) {
      throw toHeadstartError(error);
    }
  }

  async predict(data: Iterable<PredictData>, options: PredictOptions = {}): Promise<ExportPrediction[]> {
    const { reject, signal, onProgress } = options;
    checkIterable("data", data);
    checkReject(reject);
    const items = [...data];
    const predictions: ExportPrediction[] = [];
    for (const [index, item] of items.entries()) {
      await this.#breathe();
      signal?.throwIfAborted();
      try {
        predictions.push(await this.#one(await toGiven(this.info.task, item), reject));
      } catch (error) {
        const { code, message } = toHeadstartError(error);
        const name = typeof File !== "undefined" && item instanceof File ? item.name : String(index);
        throw code === "closed" ? error : new HeadstartError(code, `item ${index}: ${message}`, name);
      }
      onProgress?.({ stage: "predict", done: index + 1, total: items.length });
    }
    return predictions;
  }

  async verify(options: CallOptions = {}): Promise<Verification> {
    const { signal, onProgress } = options;
    let most = { features: 0, scores: 0 };
    const total = this.#open.vectors();
    for (let at = 0; at < total; at++) {
      await this.#breathe();
      signal?.throwIfAborted();
      let here: typeof most;
      try {
        here = this.#open.verify(at);
      } catch (error) {
        throw toHeadstartError(error);
      }
      // Of a NaN the largest is NaN, which is not within the tolerance.
      most = { features: Math.max(most.features, here.features), scores: Math.max(most.scores, here.scores) };
      onProgress?.({ stage: "verify", done: at + 1, total });
    }
    return { ok: total > 0 && most.scores <= TOLERANCE, vectors: total, ...most };
  }

  async close(): Promise<void> {
    this.#predictor?.free();
    this.#predictor = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #open(): Predictor {
    if (!this.#predictor) throw new HeadstartError("closed", "this export was closed; open it again");
    return this.#predictor;
  }

  async #one(given: Given, reject: number | undefined): Promise<ExportPrediction> {
    if ("text" in given) return this.#open.predictText(given.text, reject);
    if ("rgba" in given) return this.#open.predictPixels(given.rgba, given.width, given.height, reject);
    try {
      return await this.#open.predictImage(given.file, reject);
    } catch (error) {
      const pixels = given.blob && (await readOddFormat(error, given.blob));
      if (!pixels) throw error;
      return this.#open.predictPixels(pixels.rgba, pixels.width, pixels.height, reject);
    }
  }

  /** Lets clicks and frames in between two items. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#turn < TURN) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#turn = performance.now();
  }
}
