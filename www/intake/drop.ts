import type { DirectoryDropItem, DropItem } from "react-aria-components";
import { type Found, broken, gather, hidden } from "./found";

/** What was dropped or pasted, folders read to the bottom. */
export async function fromDrop(items: Iterable<DropItem>): Promise<Found[]> {
  const found: Found[] = [];
  // Asked for at once: the browser takes the list away after the event.
  const taken = [...items].map((item) => (item.kind === "file" ? item.getFile() : item.kind === "directory" ? item : null));
  for (const item of taken) {
    const one = await item;
    if (one instanceof File) await gather(one, one.name, found);
    else if (one) await walk(one, one.name, found);
  }
  return found;
}

async function walk(folder: DirectoryDropItem, path: string, found: Found[]): Promise<void> {
  for await (const item of folder.getEntries()) {
    const inside = `${path}/${item.name}`;
    if (hidden(item.name)) continue;
    if (item.kind === "directory") await walk(item, inside, found);
    else {
      try {
        await gather(await item.getFile(), inside, found);
      } catch (error) {
        found.push(broken(inside, error));
      }
    }
  }
}
