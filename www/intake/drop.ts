import type { DirectoryDropItem, DropItem } from "react-aria-components";
import { type Found, gather, hidden } from "./found";

/** What was dropped or pasted, folders read to the bottom. */
export async function fromDrop(items: Iterable<DropItem>): Promise<Found[]> {
  const found: Found[] = [];
  // Asked for at once: the browser takes the list away after the event.
  const taken = [...items].map((item) => (item.kind === "file" ? item.getFile() : item.kind === "directory" ? item : null));
  for (const item of taken) {
    const one = await item;
    if (one instanceof File) await gather(one, null, found);
    else if (one) await walk(one, found);
  }
  return found;
}

async function walk(folder: DirectoryDropItem, found: Found[]): Promise<void> {
  for await (const item of folder.getEntries()) {
    if (hidden(item.name)) continue;
    if (item.kind === "file") await gather(await item.getFile(), folder.name, found);
    else await walk(item, found);
  }
}
