// Thumbnails, made when they come into view and kept while there is room. Drawing the files themselves would decode
// photographs of 12 megapixels for squares of 72.
import { useEffect, useState } from "react";
import { caged } from "../trust/cage";
import type { Answer, Ask } from "./shrink";
import shrinkScript from "./shrink?worker&url";

/** For squares of 72 CSS pixels on a screen with two pixels for each. */
const SIDE = 144;
/** About 6 kB each. */
const KEPT = 4000;
/** At the worker at once; what scrolls out of view before its turn is not made. */
const AT_ONCE = 4;

const kept = new Map<string, string | null>();
/** Bytes of each, by address. */
const sizes = new Map<string, number>();
const waiting = new Map<string, { file: Blob; tell: Set<(url: string | null) => void> }>();
const asked = new Map<string, Set<(url: string | null) => void>>();
let worker: Worker | undefined;

/** The address of a thumbnail; `undefined` while it is made, `null` when there is none. */
export function useThumb(id: string, file: Blob | undefined): string | null | undefined {
  const [made, setMade] = useState<{ id: string; url: string | null }>();
  useEffect(() => {
    if (!file) return setMade({ id, url: null });
    return want(id, file, (url) => setMade({ id, url }));
  }, [id, file]);
  // A list gives its cells other pictures as it scrolls: what was made for the one before is not this one's.
  return made?.id === id ? made.url : kept.get(id);
}

function want(id: string, file: Blob, tell: (url: string | null) => void): (() => void) | undefined {
  const there = kept.get(id);
  if (there !== undefined) {
    // Last used, last dropped.
    kept.delete(id);
    kept.set(id, there);
    tell(there);
    return undefined;
  }
  const listeners = asked.get(id) ?? waiting.get(id)?.tell;
  if (listeners) listeners.add(tell);
  else waiting.set(id, { file, tell: new Set([tell]) });
  pump();
  return () => {
    asked.get(id)?.delete(tell);
    const wait = waiting.get(id);
    wait?.tell.delete(tell);
    if (wait?.tell.size === 0) waiting.delete(id);
  };
}

function pump(): void {
  if (!worker) {
    worker = caged(shrinkScript);
    // Without a worker there are no thumbnails, and nothing waits for them.
    worker.addEventListener("error", () => [...asked.keys()].forEach((id) => take({ id, thumb: null })));
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => take(data));
  }
  for (const [id, { file, tell }] of waiting) {
    if (asked.size >= AT_ONCE) return;
    waiting.delete(id);
    asked.set(id, tell);
    worker.postMessage({ id, file, side: SIDE } satisfies Ask);
  }
}

function take({ id, thumb }: Answer): void {
  const url = thumb && URL.createObjectURL(thumb);
  kept.set(id, url);
  if (url) sizes.set(url, thumb.size);
  asked.get(id)?.forEach((tell) => tell(url));
  asked.delete(id);
  for (const [oldest, url] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
    if (!url) continue;
    URL.revokeObjectURL(url);
    sizes.delete(url);
  }
  pump();
}

/** Bytes of the thumbnails that are kept. */
export function heldThumbs(): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
