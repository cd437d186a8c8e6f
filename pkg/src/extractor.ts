import * as Comlink from "comlink";
import { HeadstartError } from "./errors";
import type { Encoder, Extractor } from "./generated/headstart_cpu.js";
import type { ExtractorPort, Input } from "./protocol";
import { type Module, compile, cpuModule, gpuModule } from "./wasm";

/** One worker's share: decodes and resizes pictures, and runs the backbone on its device. */
export class ExtractorWorker implements ExtractorPort {
  #wasm!: Module;
  #encoder!: Encoder;
  #extractor?: Extractor;

  async load(options: Parameters<ExtractorPort["load"]>[0]): Promise<{ adapter: string }> {
    const { assets, manifest, weights, webgpu } = options;
    this.#wasm = webgpu
      ? await gpuModule(assets)
      : await cpuModule(options.module ?? (await compile(assets, "headstart_cpu")));
    this.#encoder = new this.#wasm.Encoder(manifest);
    if (weights) this.#extractor = await this.#wasm.Extractor.load(manifest, weights, webgpu);
    return { adapter: this.#extractor?.adapter ?? "" };
  }

  async encode(input: Input): Promise<{ content: string; pixels: Uint8Array }> {
    const { content, pixels } = "blob" in input ? await this.#encodeFile(input.blob) : this.#encodePixels(input);
    return Comlink.transfer({ content, pixels }, [pixels.buffer as ArrayBuffer]);
  }

  async extract(pixels: Uint8Array, rows: number): Promise<{ rows: Float32Array; seconds: number }> {
    const start = performance.now();
    const features = await this.#extractor!.extract(pixels, rows);
    const seconds = (performance.now() - start) / 1000;
    return Comlink.transfer({ rows: features, seconds }, [features.buffer as ArrayBuffer]);
  }

  async #encodeFile(blob: Blob): Promise<{ content: string; pixels: Uint8Array }> {
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await blob.arrayBuffer());
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new HeadstartError("unreadable", `the browser cannot read this file (${why}); was it moved or changed?`);
    }
    const content = this.#wasm.contentId(bytes);
    try {
      return { content, pixels: this.#encoder.image(bytes) };
    } catch (error) {
      if ((error as { code?: string }).code !== "unsupported-format") throw error;
      // AVIF, and HEIC on Apple's machines: the browser's decoder knows formats that ours lack.
      const bitmap = await createImageBitmap(blob).catch(() => null);
      if (!bitmap) throw error;
      return { content, pixels: this.#encodePixels({ bitmap }).pixels };
    }
  }

  #encodePixels(input: Exclude<Input, { blob: Blob }>): { content: string; pixels: Uint8Array } {
    const { pixels, width, height } = "bitmap" in input ? readBitmap(input.bitmap) : input;
    const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    const size = new Uint8Array(new Uint32Array([width, height]).buffer);
    const named = new Uint8Array(size.length + bytes.length);
    named.set(size);
    named.set(bytes, size.length);
    return { content: this.#wasm.contentId(named), pixels: this.#encoder.rgba(bytes, width, height) };
  }
}

function readBitmap(bitmap: ImageBitmap): { pixels: Uint8ClampedArray; width: number; height: number } {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { pixels: context.getImageData(0, 0, width, height).data, width, height };
}
