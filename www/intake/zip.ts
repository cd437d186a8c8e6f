import { BlobReader, BlobWriter, ZipReader, configure } from "@zip.js/zip.js";
import { type Found, hidden } from "./found";

// The browser's own decompression runs beside the page already, and blob workers of a library's making need not be allowed.
configure({ useWebWorkers: false });

/** The files of a zip, unpacked one by one when they are read. Throws when it is no zip that can be read. */
export async function fromZip(file: Blob & { name?: string }): Promise<Found[]> {
  let entries;
  try {
    entries = await new ZipReader(new BlobReader(file)).getEntries();
  } catch (error) {
    throw new Error(`${file.name ?? "the archive"} cannot be opened as a zip: ${error instanceof Error ? error.message : error}`);
  }
  if (isTeachable(file.name ?? "", entries.map(({ filename }) => filename))) return fromTeachable(file);
  const found: Found[] = [];
  for (const entry of entries) {
    const path = entry.filename.split("/");
    if (entry.directory || path.some(hidden)) continue;
    const name = path.at(-1)!;
    found.push({ name, path: entry.filename, folder: path.at(-2) ?? null, open: () => entry.getData(new BlobWriter()) });
  }
  return found;
}

/** A project of Teachable Machine, or the samples of one of its classes. */
function isTeachable(name: string, inside: readonly string[]): boolean {
  if (/\.tm$/i.test(name)) return true;
  const flat = inside.every((path) => !path.includes("/"));
  return flat && (/-samples( ?\(\d+\))?\.zip$/i.test(name) || (inside.includes("manifest.json") && inside.some((path) => path.includes("-!-"))));
}

async function fromTeachable(file: Blob): Promise<Found[]> {
  const { readTeachableMachine } = await import("../headstart");
  const { files } = await readTeachableMachine(file);
  return files.map(({ name, label, open }) => ({ name, path: `${label}/${name}`, folder: label, open }));
}
