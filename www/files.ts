/** A file and the class that its folder names; `null` for a file that came without a folder. */
export interface Found {
  file: File;
  folder: string | null;
}

/** What was dropped, folders read to the bottom. Hidden files (.DS_Store, Thumbs.db) are nobody's pictures. */
export async function fromDrop(transfer: DataTransfer): Promise<Found[]> {
  // The list empties itself when the event handler returns, so entries are taken before anything is awaited.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Found[] = [];
  for (const entry of entries) await walk(entry, null, found);
  return found;
}

export function fromInput(files: FileList): Found[] {
  return [...files].filter((file) => !hidden(file.name)).map((file) => ({ file, folder: file.webkitRelativePath.split("/").at(-2) ?? null }));
}

async function walk(entry: FileSystemEntry, folder: string | null, found: Found[]): Promise<void> {
  if (hidden(entry.name)) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, folder });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives at most a hundred entries at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, entry.name, found);
  }
}

function hidden(name: string): boolean {
  return name.startsWith(".") || name === "Thumbs.db";
}
