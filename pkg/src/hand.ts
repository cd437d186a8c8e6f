import * as Comlink from "comlink";
import { HeadstartError } from "./errors";
import type { TokenBatch } from "./batches";
import type { Kept } from "./kept";
import type { Boundary, Extracted, ExtractorPort, Moved, Picture, Stage, TuneOutcome, TuneProgress, TunerPort } from "./protocol";

/**
 * A worker as the learner holds it. A panic in an asynchronous part of a wasm module leaves its promise open for ever; the page
 * hears of it as the worker's error event, and says so here.
 */
class Held<Port> {
  protected port: Comlink.Remote<Port>;
  #died: string | undefined;
  #waiting = new Set<(error: HeadstartError) => void>();

  constructor(
    readonly id: number,
    port: MessagePort,
  ) {
    this.port = Comlink.wrap<Port>(port);
  }

  /** What waits for it is rejected, and so is all that is asked later. */
  broke(why: string): void {
    this.#died = why;
    this.#waiting.forEach((reject) => reject(this.#error()));
  }

  protected ask<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#died !== undefined) return reject(this.#error());
      this.#waiting.add(reject);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  #error(): HeadstartError {
    return new HeadstartError("worker-failed", `a worker broke: ${this.#died}`);
  }
}

/** An extractor. */
export class Hand extends Held<ExtractorPort> {
  constructor(
    id: number,
    port: MessagePort,
    /** It has a backbone, and does not only encode. */
    readonly extracts: boolean,
  ) {
    super(id, port);
  }

  load(options: Parameters<ExtractorPort["load"]>[0]): Promise<void> {
    return this.ask(this.port.load(options));
  }

  warmUp(rows: number, done: (parts: number, of: number) => void): Promise<void> {
    return this.ask(this.port.warmUp(rows, Comlink.proxy(done)));
  }

  identify(input: Picture): Promise<string> {
    return this.ask(this.port.identify("bitmap" in input ? Comlink.transfer(input, [input.bitmap]) : input));
  }

  encode(): Promise<{ pixels: Uint8Array; kept: Kept }> {
    return this.ask(this.port.encode());
  }

  /** Has it hold the tuned or the target's backbone too; without a file, not any more. */
  use(stage: Moved, tensors?: { weights: Uint8Array; file: Uint8Array }): Promise<void> {
    return this.ask(this.port.use(stage, tensors));
  }

  /** Takes `pixels` away from the caller. */
  extract(pixels: Uint8Array, rows: number, stage: Stage): Promise<Extracted> {
    return this.ask(this.port.extract(Comlink.transfer(pixels, [pixels.buffer as ArrayBuffer]), rows, stage));
  }

  extractTexts(batch: TokenBatch, stage: Stage): Promise<Extracted> {
    return this.ask(this.port.extractTexts(batch, stage));
  }

  /** Takes `pixels` away from the caller. */
  featureMap(pixels: Uint8Array, stage: Stage): Promise<Float32Array> {
    return this.ask(this.port.featureMap(Comlink.transfer(pixels, [pixels.buffer as ArrayBuffer]), stage));
  }
}

/** A worker that trains a backbone's last stages. */
export class TunerHand extends Held<TunerPort> {
  open(options: Parameters<TunerPort["open"]>[0]): Promise<void> {
    return this.ask(this.port.open(options));
  }

  /** Takes `pixels` away from the caller. */
  picture(pixels: Uint8Array, views: number, seed: number): Promise<Boundary> {
    return this.ask(this.port.picture(Comlink.transfer(pixels, [pixels.buffer as ArrayBuffer]), views, seed));
  }

  text(ids: Uint32Array): Promise<Boundary> {
    return this.ask(this.port.text(ids));
  }

  push(sample: number, boundary: Boundary): Promise<void> {
    return this.ask(this.port.push(sample, boundary));
  }

  start(job: unknown): Promise<void> {
    return this.ask(this.port.start(job));
  }

  startBatchNorm(sources: number): Promise<void> {
    return this.ask(this.port.startBatchNorm(sources));
  }

  step(): Promise<TuneProgress | undefined> {
    return this.ask(this.port.step());
  }

  outcome(): Promise<TuneOutcome> {
    return this.ask(this.port.outcome());
  }

  features(): Promise<Float32Array> {
    return this.ask(this.port.features());
  }

  file(): Promise<Uint8Array> {
    return this.ask(this.port.file());
  }
}
