import * as Comlink from "comlink";
import type { TuneBench } from "./generated/headstart_cpu.js";
import type { Boundary, TuneOutcome, TuneProgress, TunerPort } from "./protocol";
import { cpuModule } from "./wasm";

/** One worker's share of a fine-tuning or an adaptation: what samples are where the trained stages begin, and one training at a time. */
export class TunerWorker implements TunerPort {
  #bench!: TuneBench;

  async open({ code, manifest, weights, stages, tuned }: Parameters<TunerPort["open"]>[0]): Promise<void> {
    const wasm = await cpuModule(code);
    this.#bench = new wasm.TuneBench(manifest, weights, stages, tuned);
  }

  async picture(pixels: Uint8Array, views: number, seed: number): Promise<Boundary> {
    const all = Array.from({ length: views }, (_, view) => this.#bench.picture(pixels, view, seed));
    return handed({ views: all, length: 1 });
  }

  async text(ids: Uint32Array): Promise<Boundary> {
    return handed({ views: [this.#bench.text(ids)], length: ids.length });
  }

  async push(sample: number, { views, length }: Boundary): Promise<void> {
    views.forEach((values) => this.#bench.push(sample, values, length));
  }

  async start(job: unknown): Promise<void> {
    this.#bench.start(job);
  }

  async startBatchNorm(sources: number): Promise<void> {
    this.#bench.startBatchNorm(sources);
  }

  async step(): Promise<TuneProgress | undefined> {
    return this.#bench.step();
  }

  async outcome(): Promise<TuneOutcome> {
    const features = this.#bench.features();
    return Comlink.transfer({ features, rest: this.#bench.outcome() }, [features.buffer as ArrayBuffer]);
  }

  async features(): Promise<Float32Array> {
    const features = this.#bench.features();
    return Comlink.transfer(features, [features.buffer as ArrayBuffer]);
  }

  async file(): Promise<Uint8Array> {
    const file = this.#bench.file();
    return Comlink.transfer(file, [file.buffer as ArrayBuffer]);
  }
}

function handed(boundary: Boundary): Boundary {
  return Comlink.transfer(boundary, boundary.views.map((values) => values.buffer as ArrayBuffer));
}
