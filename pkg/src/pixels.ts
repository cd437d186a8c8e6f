import type { Picture } from "./protocol";

export type PixelPicture = { rgba: Uint8Array; width: number; height: number };

export function readPixels(input: Exclude<Picture, { blob: Blob }>): PixelPicture {
  if ("pixels" in input) {
    const { pixels, width, height } = input;
    return { rgba: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength), width, height };
  }
  const { width, height } = input.bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(input.bitmap, 0, 0);
  input.bitmap.close();
  return { rgba: new Uint8Array(context.getImageData(0, 0, width, height).data.buffer), width, height };
}

/** AVIF, and HEIC on Apple's machines: the browser's decoder knows formats that ours refuse. Nothing where `error` is another, or it does not either. */
export async function readOddFormat(error: unknown, blob: Blob): Promise<PixelPicture | undefined> {
  if ((error as { code?: string }).code !== "unsupported-format" || typeof createImageBitmap === "undefined") return undefined;
  const bitmap = await createImageBitmap(blob).catch(() => undefined);
  return bitmap && readPixels({ bitmap });
}
