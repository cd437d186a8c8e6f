import type { SampleData } from "../index";
import { HeadstartError } from "./errors";
import type { Input } from "./protocol";

/** What a caller gave → what can go to a worker, without taking it away from the caller. */
export async function toInput(data: SampleData): Promise<Input> {
  if (data instanceof Blob) return { blob: data };
  if (data instanceof ImageData) return { pixels: data.data, width: data.width, height: data.height };
  const isElement = typeof HTMLImageElement !== "undefined" && data instanceof HTMLImageElement;
  const isCanvas = typeof HTMLCanvasElement !== "undefined" && data instanceof HTMLCanvasElement;
  if (isElement || isCanvas || data instanceof ImageBitmap || data instanceof OffscreenCanvas) {
    try {
      if (isElement) await data.decode();
      // A copy: the caller's bitmap would be gone after a transfer.
      return { bitmap: await createImageBitmap(data as ImageBitmapSource) };
    } catch (error) {
      throw new HeadstartError("bad-image", `this picture has no pixels to read (${error instanceof Error ? error.message : error})`);
    }
  }
  throw new HeadstartError(
    "bad-sample",
    `a picture is a Blob, ImageBitmap, ImageData, <img> or canvas, not ${Object.prototype.toString.call(data)}`,
  );
}
