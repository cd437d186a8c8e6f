import * as Comlink from "comlink";
import type { TuneBench } from "./generated/headstart_cpu.js";
import type { Boundary, TuneOutcome, TuneProgress, TunerPort } from "./protocol";
import { cpuModule, gpuModule } from "./wasm";

/** One worker's share of a fine-tuning or an adaptation: what samples are where the trained stages begin, and one training at a time. */
export class TunerWorker implements TunerPort {
  #bench!: TuneBench;

  async open({ assets, code, manifest, weights, stages, webgpu, tuned }: Parameters<TunerPort["open"]>[0]): Promise<void> {
    const wasm = await (webgpu ? gpuModule(assets) : cpuModule(code));
    this.#bench = await wasm.TuneBench.load(manifest, weights, stages, webgpu, tuned);
  }

  async picture(pixels: Uint8Array, views: number, seed: number): Promise<Boundary> {
    return handed({ values: await this.#bench.picture(pixels, views, seed), views, length: 1 });
  }

  async text(ids: Uint32Array): Promise<Boundary> {
    return handed({ values: await this.#bench.text(ids), views: 1, length: ids.length });
  }

  async push(sample: number, { values, views, length }: Boundary): Promise<void> {
    this.#bench.push(sample, values, views, length);
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
    const file = await this.#bench.file();
    return Comlink.transfer(file, [file.buffer as ArrayBuffer]);
  }
}

function handed(boundary: Boundary): Boundary {
  return Comlink.transfer(boundary, [boundary.values.buffer as ArrayBuffer]);
}
