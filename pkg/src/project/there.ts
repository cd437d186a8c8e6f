/** A file on the disk may have gone or changed since it was given; then nothing of it can be read. */
export async function isThere(blob: Blob): Promise<boolean> {
  try {
    await blob.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
