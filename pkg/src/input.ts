import type { Learner, SampleData } from "../index";
import { HeadstartError } from "./errors";
import type { Input, Picture } from "./protocol";

/** What a caller gave → what can go to a worker, without taking it away from the caller. */
export async function toInput(task: Learner["task"], data: SampleData): Promise<Input> {
  return task === "text" ? { text: await toText(data) } : toPicture(data);
}

/** Errors: `unreadable`. */
export async function readBlob(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HeadstartError("unreadable", `the browser cannot read this file (${why}); was it moved or changed?`);
  }
}

async function toText(data: SampleData): Promise<string> {
  if (typeof data === "string") return data;
  if (!(data instanceof Blob)) throw new HeadstartError("bad-sample", `a text is a string or a Blob of UTF-8, not ${kindOf(data)}`);
  const bytes = await readBlob(data);
  if (bytes.byteLength === 0) throw new HeadstartError("empty", "there is nothing in it (0 bytes)");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new HeadstartError("unsupported-encoding", "this file is not UTF-8; save it again as UTF-8");
  }
}

async function toPicture(data: SampleData): Promise<Picture> {
  if (data instanceof Blob) return { blob: data };
  if (is("ImageData", data)) return { pixels: data.data, width: data.width, height: data.height };
  const isElement = is("HTMLImageElement", data);
  if (isElement || is("HTMLCanvasElement", data) || is("ImageBitmap", data) || is("OffscreenCanvas", data)) {
    try {
      if (isElement) await (data as HTMLImageElement).decode();
      // A copy: the caller's bitmap would be gone after a transfer.
      return { bitmap: await createImageBitmap(data as ImageBitmapSource) };
    } catch (error) {
      throw new HeadstartError("bad-image", `this picture has no pixels to read (${error instanceof Error ? error.message : error})`);
    }
  }
  throw new HeadstartError(
    "bad-sample",
    `a picture is a Blob, ImageBitmap, ImageData, <img> or canvas, not ${kindOf(data)}`,
  );
}

interface Drawn {
  ImageData: ImageData;
  ImageBitmap: ImageBitmap;
  OffscreenCanvas: OffscreenCanvas;
  HTMLImageElement: HTMLImageElement;
  HTMLCanvasElement: HTMLCanvasElement;
}

/** Workers have no elements, Node has none of these. */
function is<K extends keyof Drawn>(kind: K, data: unknown): data is Drawn[K] {
  const made = (globalThis as unknown as Partial<Record<K, new () => Drawn[K]>>)[kind];
  return made !== undefined && data instanceof made;
}

function kindOf(data: unknown): string {
  return Object.prototype.toString.call(data);
}
