// Packs as they were loaded, kept by the hash of their files, so that a second visit needs no network.
import { sha256 } from "./hash";

const NAME = "headstart-packs";
/** Never fetched: a cache has addresses for keys. */
const BASE = "https://headstart.invalid/";
const MANIFESTS = `${BASE}manifest?`;

interface Listed {
  name: string;
  sha256: string;
}

/**
 * Where the browser keeps nothing (a private window, a page without https, a full disk), there is none, and packs are fetched each
 * time: nothing else depends on it.
 */
export class PackCache {
  #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  static async open(): Promise<PackCache | undefined> {
    const { caches } = globalThis as { caches?: CacheStorage };
    const cache = await caches?.open(NAME).catch(() => undefined);
    return cache && new PackCache(cache);
  }

  /** By its address, or another name of its own. */
  async manifest(name: string): Promise<string | undefined> {
    try {
      return await (await this.#cache.match(manifestKey(name)))?.text();
    } catch {
      // The browser has lost it.
      return undefined;
    }
  }

  /** A file whose bytes are still those it was kept for; `broken` where they are not. */
  async file(hash: string): Promise<Uint8Array | "broken" | undefined> {
    try {
      const kept = await this.#cache.match(fileKey(hash));
      if (!kept) return undefined;
      const bytes = new Uint8Array(await kept.arrayBuffer());
      if ((await ownSha256(bytes)) === hash) return bytes;
    } catch {
      // The browser has lost it.
    }
    await this.#cache.delete(fileKey(hash)).catch(() => {});
    return "broken";
  }

  /** With those of its files that came over the network. What an older manifest of this name had and no other has goes. */
  async keep(name: string, manifest: string, files: { hash: string; bytes: Uint8Array }[]): Promise<void> {
    try {
      const before = await this.manifest(name);
      for (const { hash, bytes } of files) if ((await ownSha256(bytes)) === hash) await this.#cache.put(fileKey(hash), new Response(bytes as Uint8Array<ArrayBuffer>));
      if (before === manifest) return;
      await this.#cache.put(manifestKey(name), new Response(manifest));
      if (before === undefined) return;
      const names = (await this.#cache.keys()).filter(({ url }) => url.startsWith(MANIFESTS));
      const all = await Promise.all(names.map(async (name) => listed(await (await this.#cache.match(name))!.text())));
      const current = new Set(all.flat().map((file) => file.sha256));
      for (const { sha256: hash } of listed(before)) if (!current.has(hash)) await this.#cache.delete(fileKey(hash));
    } catch {
      // No room. The pack is in memory, which is all that this visit needs.
    }
  }
}

const manifestKey = (name: string) => `${MANIFESTS}${encodeURIComponent(name)}`;
const fileKey = (hash: string) => `${BASE}sha256/${hash}`;

export function listed(manifest: string): Listed[] {
  const files: unknown = (JSON.parse(manifest) as { files?: unknown } | null)?.files;
  return Array.isArray(files) ? files : [];
}

/** Where there is a cache there is a secure context, and with it the browser's own hash. */
function ownSha256(bytes: Uint8Array): Promise<string> {
  return sha256(bytes, { sha256: () => "" });
}
