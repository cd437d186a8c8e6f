import * as Comlink from "comlink";
import { HeadstartError } from "./errors";
import type { TokenBatch } from "./batches";
import type { Kept } from "./kept";
import type { Extracted, ExtractorPort, Picture } from "./protocol";

/**
 * An extractor as the learner holds it. A panic in an asynchronous part of a wasm module leaves its promise open for ever;
 * the page hears of it as the worker's error event, and says so here.
 */
export class Hand {
  #port: Comlink.Remote<ExtractorPort>;
  #died: string | undefined;
  #waiting = new Set<(error: HeadstartError) => void>();

  constructor(
    readonly id: number,
    port: MessagePort,
  ) {
    this.#port = Comlink.wrap<ExtractorPort>(port);
  }

  load(options: Parameters<ExtractorPort["load"]>[0]): Promise<void> {
    return this.#ask(this.#port.load(options));
  }

  warmUp(rows: number, done: (parts: number, of: number) => void): Promise<void> {
    return this.#ask(this.#port.warmUp(rows, Comlink.proxy(done)));
  }

  identify(input: Picture): Promise<string> {
    return this.#ask(this.#port.identify("bitmap" in input ? Comlink.transfer(input, [input.bitmap]) : input));
  }

  encode(): Promise<{ pixels: Uint8Array; kept: Kept }> {
    return this.#ask(this.#port.encode());
  }

  /** Takes `pixels` away from the caller. */
  extract(pixels: Uint8Array, rows: number): Promise<Extracted> {
    return this.#ask(this.#port.extract(Comlink.transfer(pixels, [pixels.buffer as ArrayBuffer]), rows));
  }

  extractTexts(batch: TokenBatch): Promise<Extracted> {
    return this.#ask(this.#port.extractTexts(batch));
  }

  /** Takes `pixels` away from the caller. */
  featureMap(pixels: Uint8Array): Promise<Float32Array> {
    return this.#ask(this.#port.featureMap(Comlink.transfer(pixels, [pixels.buffer as ArrayBuffer])));
  }

  /** What waits for it is rejected, and so is all that is asked later. */
  broke(why: string): void {
    this.#died = why;
    this.#waiting.forEach((reject) => reject(this.#error()));
  }

  #ask<T>(answer: Promise<T>): Promise<T> {
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
