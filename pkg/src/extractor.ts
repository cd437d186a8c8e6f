import * as Comlink from "comlink";
import type { Encoded, Encoder, Extractor } from "./generated/headstart_cpu.js";
import type { TokenBatch } from "./batches";
import { sha256 } from "./hash";
import { readBlob } from "./input";
import { type Kept, keptOf } from "./kept";
import { type PixelPicture, readOddFormat, readPixels } from "./pixels";
import type { Extracted, ExtractorPort, Moved, Picture, Stage } from "./protocol";
import { type Extraction, type CpuModule, cpuModule, gpuModule } from "./wasm";

type FilePicture = { file: Uint8Array; blob: Blob };

/** One worker's share: decodes and resizes pictures, and runs the backbone on its device. Texts come as token ids. */
export class ExtractorWorker implements ExtractorPort {
  /** Absent beside a GPU. */
  #wasm?: CpuModule;
  #encoder?: Encoder;
  #extractors: Partial<Record<Stage, Extractor>> = {};
  #picture?: FilePicture | PixelPicture;

  async load(options: Parameters<ExtractorPort["load"]>[0]): Promise<void> {
    const { assets, code, manifest, weights, webgpu } = options;
    let extraction: Extraction;
    if (webgpu) {
      extraction = await gpuModule(assets);
    } else {
      extraction = this.#wasm = await cpuModule(code);
      this.#encoder = new this.#wasm.Encoder(manifest);
    }
    if (weights) this.#extractors.frozen = await extraction.Extractor.load(manifest, weights, webgpu);
  }

  warmUp(rows: number, done: (parts: number, of: number) => void): Promise<void> {
    return this.#extractors.frozen!.warmUp(rows, done);
  }

  async use(stage: Moved, tensors?: { weights: Uint8Array; file: Uint8Array }): Promise<void> {
    this.#extractors[stage]?.free();
    delete this.#extractors[stage];
    if (tensors) this.#extractors[stage] = this.#extractors.frozen!.tuned(tensors.weights, tensors.file);
  }

  async identify(input: Picture): Promise<string> {
    this.#picture = "blob" in input ? { file: await readBlob(input.blob), blob: input.blob } : readPixels(input);
    const bytes = "file" in this.#picture ? this.#picture.file : named(this.#picture);
    return this.#wasm!.contentId(await sha256(bytes, this.#wasm!));
  }

  async encode(): Promise<{ pixels: Uint8Array; kept: Kept }> {
    const picture = this.#picture!;
    this.#picture = undefined;
    const encoded = "file" in picture ? await this.#encodeFile(picture) : this.#encodePixels(picture);
    const pixels = encoded.pixels();
    const kept = keptOf(encoded);
    encoded.free();
    return Comlink.transfer({ pixels, kept }, [pixels.buffer as ArrayBuffer]);
  }

  extract(pixels: Uint8Array, rows: number, stage: Stage): Promise<Extracted> {
    return timed(() => this.#extractors[stage]!.extract(pixels, rows));
  }

  extractTexts({ ids, lengths }: TokenBatch, stage: Stage): Promise<Extracted> {
    return timed(() => this.#extractors[stage]!.extractTexts(ids, lengths));
  }

  async featureMap(pixels: Uint8Array, stage: Stage): Promise<Float32Array> {
    const map = await this.#extractors[stage]!.featureMap(pixels);
    return Comlink.transfer(map, [map.buffer as ArrayBuffer]);
  }

  async #encodeFile({ file, blob }: FilePicture): Promise<Encoded> {
    try {
      return this.#encoder!.image(file);
    } catch (error) {
      const pixels = await readOddFormat(error, blob);
      if (!pixels) throw error;
      return this.#encodePixels(pixels);
    }
  }

  #encodePixels({ rgba, width, height }: PixelPicture): Encoded {
    return this.#encoder!.rgba(rgba, width, height);
  }
}

async function timed(work: () => Promise<Float32Array>): Promise<Extracted> {
  const start = performance.now();
  const rows = await work();
  const seconds = (performance.now() - start) / 1000;
  return Comlink.transfer({ rows, seconds }, [rows.buffer as ArrayBuffer]);
}

/** Pixels with their size before them: 2 × 8 and 4 × 4 of one colour are two contents. */
function named({ rgba, width, height }: PixelPicture): Uint8Array {
  const bytes = new Uint8Array(8 + rgba.length);
  bytes.set(new Uint8Array(new Uint32Array([width, height]).buffer));
  bytes.set(rgba, 8);
  return bytes;
}
