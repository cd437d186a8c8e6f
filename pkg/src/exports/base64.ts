/** Bytes in base64, as a Blob: the browser keeps it, and joins it to others without copying. */
export function base64(bytes: BlobPart): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = reader.result as string;
      resolve(new Blob([url.slice(url.indexOf(",") + 1)]));
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes]));
  });
}
