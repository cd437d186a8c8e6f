// What was dropped, chosen, pasted: files, and the class that a folder names.

export interface Found {
  readonly name: string;
  /** With the folders it lay in, for messages and tables. */
  readonly path: string;
  /** The folder it lay in; `null` for a file that came without one. */
  readonly folder: string | null;
  /** Reads or unpacks it. */
  readonly open: () => Promise<Blob>;
}

export function fromFile(file: File, path = file.name): Found {
  return { name: file.name, path, folder: path.split("/").at(-2) ?? null, open: async () => file };
}

/** A file that cannot be had: listed with the reason when it is its turn, and the others are in. */
export function broken(path: string, error: unknown): Found {
  return { name: path.split("/").at(-1)!, path, folder: path.split("/").at(-2) ?? "", open: () => Promise.reject(error) };
}

/** From a file dialog, where a folder's files bring their path. Zip files are opened. */
export async function fromChosen(files: Iterable<File>): Promise<Found[]> {
  const found: Found[] = [];
  for (const file of files) await gather(file, file.webkitRelativePath || file.name, found);
  return found;
}

/** A file as it is, or the files in a zip. Hidden files (.DS_Store, Thumbs.db) are nobody's pictures. */
export async function gather(file: File, path: string, found: Found[]): Promise<void> {
  if (path.split("/").some(hidden)) return;
  if (!isZip(file)) {
    found.push(fromFile(file, path));
    return;
  }
  try {
    // Loaded when there is a zip to open.
    const { fromZip } = await import("./zip");
    found.push(...(await fromZip(file)));
  } catch (error) {
    found.push(broken(path, error));
  }
}

export function hidden(name: string): boolean {
  return name.startsWith(".") || name === "Thumbs.db" || name === "__MACOSX";
}

function isZip(file: File): boolean {
  return /\.(zip|tm)$/i.test(file.name) || file.type === "application/zip" || file.type === "application/x-zip-compressed";
}
