// What was dropped, chosen, pasted: files, and the class that a folder names.

export interface Found {
  readonly name: string;
  /** The folder it lay in; `null` for a file that came without one. */
  readonly folder: string | null;
  /** Reads or unpacks it. */
  readonly open: () => Promise<Blob>;
}

export function fromFile(file: File, folder: string | null): Found {
  return { name: file.name, folder, open: async () => file };
}

/** From a file dialog, where a folder's files bring their path. Zip files are opened. */
export async function fromChosen(files: Iterable<File>): Promise<Found[]> {
  const found: Found[] = [];
  for (const file of files) await gather(file, file.webkitRelativePath.split("/").at(-2) ?? null, found);
  return found;
}

/** A file as it is, or the files in a zip. Hidden files (.DS_Store, Thumbs.db) are nobody's pictures. */
export async function gather(file: File, folder: string | null, found: Found[]): Promise<void> {
  if (hidden(file.name)) return;
  if (!isZip(file)) {
    found.push(fromFile(file, folder));
    return;
  }
  // Loaded when there is a zip to open.
  const { fromZip } = await import("./zip");
  found.push(...(await fromZip(file)));
}

export function hidden(name: string): boolean {
  return name.startsWith(".") || name === "Thumbs.db" || name === "__MACOSX";
}

function isZip(file: File): boolean {
  return /\.zip$/i.test(file.name) || file.type === "application/zip" || file.type === "application/x-zip-compressed";
}
