import type { BackbonePack, LearnerOptions, Progress } from "../index";
import { HeadstartError } from "./errors";
import { PackCache } from "./packCache";
import { fetchOk } from "./wasm";

export interface Pack {
  manifest: string;
  /** Of the file that the weights are from. */
  name: string;
  weights: Uint8Array;
  /** Of a text backbone. */
  tokenizer?: Uint8Array;
  /** Bytes that came over the network. */
  fetched: number;
  /** Resolves when the browser has it for the next visit. */
  kept: Promise<void>;
}

/** The fields of a manifest that this side needs; the whole of it is checked in Rust. */
interface ManifestFiles {
  files?: ManifestFile[];
  preprocess?: { tokenizer?: string };
}

interface ManifestFile {
  name: string;
  bytes?: number;
  sha256?: string;
}

type Source = { backbone: string | BackbonePack; assets: string; network: NonNullable<LearnerOptions["network"]> };
type Heard = (progress: Progress) => void;

export async function loadPack({ backbone, assets, network }: Source, signal: AbortSignal, progress: Heard): Promise<Pack> {
  if (typeof backbone !== "string") return fromFiles(backbone);
  // An id names a folder beside the package; anything with a slash is the whole address of a manifest.
  const url = backbone.includes("/") ? new URL(backbone) : new URL(`backbones/${backbone}/manifest.json`, assets);
  const cache = await PackCache.open();
  const { manifest, bytes: ofManifest } = await manifestAt(url, network, cache, signal);
  const fetched: { hash: string; bytes: Uint8Array }[] = [];
  const load = async (file: ManifestFile, heard?: Heard) => {
    const kept = file.sha256 === undefined ? undefined : await cache?.file(file.sha256);
    if (kept instanceof Uint8Array) {
      heard?.({ stage: "backbone", done: kept.length, total: kept.length });
      return kept;
    }
    if (network === "never") throw kept === "broken" ? damaged(file.name) : absent(backbone);
    const bytes = await download(new URL(file.name, url), file.bytes, signal, heard);
    fetched.push({ hash: file.sha256 ?? "", bytes });
    return bytes;
  };
  const { weights: file, tokenizer: words } = neededFiles(manifest);
  const weights = await load(file, progress);
  const tokenizer = words && (await load(words));
  const bytes = fetched.reduce((sum, { bytes }) => sum + bytes.length, ofManifest);
  return { manifest, name: file.name, weights, tokenizer, fetched: bytes, kept: cache?.keep(url, manifest, fetched) ?? Promise.resolve() };
}

/** Fetched where that is possible: a pack may have been made anew. */
async function manifestAt(url: URL, network: Source["network"], cache: PackCache | undefined, signal: AbortSignal): Promise<{ manifest: string; bytes: number }> {
  const kept = async () => {
    const manifest = await cache?.manifest(url);
    return manifest === undefined ? undefined : { manifest, bytes: 0 };
  };
  if (network === "never") {
    const found = await kept();
    if (!found) throw absent(url.href);
    return found;
  }
  try {
    const bytes = await download(url, undefined, signal);
    return { manifest: new TextDecoder().decode(bytes), bytes: bytes.length };
  } catch (error) {
    signal.throwIfAborted();
    const found = await kept();
    if (!found) throw error;
    return found;
  }
}

function absent(item: string): HeadstartError {
  return new HeadstartError("network", 'network is "never", and this pack is not kept from an earlier visit: open it once with the network, or give its files as `backbone`', item);
}

function damaged(file: string): HeadstartError {
  return new HeadstartError("hash-mismatch", `\`${file}\`, as this browser kept it, is not the file it was; open it once with the network, and it is fetched again`, file);
}

async function fromFiles(files: BackbonePack): Promise<Pack> {
  const manifest = new TextDecoder().decode(await bytesOf(files, "manifest.json"));
  const { weights, tokenizer } = neededFiles(manifest);
  return {
    manifest,
    name: weights.name,
    weights: await bytesOf(files, weights.name),
    tokenizer: tokenizer && (await bytesOf(files, tokenizer.name)),
    fetched: 0,
    kept: Promise.resolve(),
  };
}

async function bytesOf(files: BackbonePack, name: string): Promise<Uint8Array> {
  const file = files[name];
  if (!file) throw new HeadstartError("bad-pack", `the pack has no file \`${name}\``, name);
  return file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
}

function neededFiles(manifest: string): { weights: ManifestFile; tokenizer: ManifestFile | undefined } {
  let parsed: ManifestFiles | null;
  try {
    parsed = JSON.parse(manifest) as ManifestFiles | null;
  } catch (error) {
    throw new HeadstartError("bad-pack", `manifest.json is not JSON: ${(error as Error).message}`, "manifest.json");
  }
  const files = Array.isArray(parsed?.files) ? parsed.files : [];
  const weights = files.find((f) => f.name?.endsWith(".safetensors"));
  if (!weights) throw new HeadstartError("bad-pack", "manifest.json lists no .safetensors file", "manifest.json");
  const words = parsed?.preprocess?.tokenizer;
  return { weights, tokenizer: words === undefined ? undefined : (files.find((f) => f.name === words) ?? { name: words }) };
}

async function download(
  url: URL,
  total: number | undefined,
  signal: AbortSignal,
  progress?: (progress: Progress) => void,
): Promise<Uint8Array> {
  const response = await fetchOk(url, signal);
  const parts: Uint8Array[] = [];
  let done = 0;
  try {
    const reader = response.body!.getReader();
    for (;;) {
      const { value } = await reader.read();
      if (!value) break;
      parts.push(value);
      done += value.length;
      progress?.({ stage: "backbone", done, total: total ?? done });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new HeadstartError("network", `${url} broke off after ${done}${total === undefined ? "" : ` of ${total}`} bytes: ${(error as Error).message}`, url.href);
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
