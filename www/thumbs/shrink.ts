// A worker: a picture's file → a small square JPEG from its middle.
export interface Ask {
  id: string;
  file: Blob;
  side: number;
}
export interface Answer {
  id: string;
  thumb: Blob | null;
}

addEventListener("message", async ({ data: { id, file, side } }: MessageEvent<Ask>) => {
  postMessage({ id, thumb: await shrink(file, side) } satisfies Answer);
});

/** `null` when the browser cannot draw it (our own decoders know formats that it lacks). */
async function shrink(file: Blob, side: number): Promise<Blob | null> {
  try {
    return await draw(file, side);
  } catch {
    return null;
  }
}

async function draw(file: Blob, side: number): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const edge = Math.min(width, height);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, side, side);
  picture.close();
  return canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
}
