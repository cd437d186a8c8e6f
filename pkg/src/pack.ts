import type { LearnerOptions, Progress } from "../index";
import { HeadstartError } from "./errors";
import { here } from "./here";
import { PackCache } from "./packCache";
import type { PackFiles } from "./protocol";
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
  id?: string;
  files?: ManifestFile[];
  preprocess?: { tokenizer?: string };
}

interface ManifestFile {
  name: string;
  bytes?: number;
  sha256?: string;
}

interface Source {
  backbone: string | PackFiles;
  assets?: string;
  network: NonNullable<LearnerOptions["network"]>;
}
type Heard = (progress: Progress) => void;

export async function loadPack({ backbone, assets, network }: Source, signal: AbortSignal, progress: Heard): Promise<Pack> {
  // An id names a folder beside the package; anything with a slash is the whole address of a manifest.
  const bundled = typeof backbone === "string" && !backbone.includes("/");
  const files = typeof backbone !== "string" ? backbone : undefined;
  const at = files ? files["manifest.json"] : bundled ? new URL(`backbones/${backbone}/manifest.json`, assets ?? here).href : (backbone as string);
  if (!at) throw new HeadstartError("bad-pack", "the pack has no file `manifest.json`", "manifest.json");
  const from = new Fetcher(await PackCache.open(), network, signal);
  let manifest: string;
  let needed: ReturnType<typeof neededFiles>;
  try {
    manifest = typeof at === "string" ? await from.manifest(new URL(at)) : new TextDecoder().decode(await bytesOf(at));
    needed = neededFiles(manifest);
  } catch (error) {
    if (!bundled || network === "never" || !(error instanceof HeadstartError)) throw error;
    const hint = `an app that is bundled gives what \`headstart/backbones/${backbone as string}\` exports as \`backbone\``;
    throw new HeadstartError(error.code, `${error.message}; ${hint}`, error.item);
  }
  const load = async (file: ManifestFile, heard?: Heard) => {
    const given = files ? files[file.name] : new URL(file.name, at as string).href;
    if (given === undefined) throw new HeadstartError("bad-pack", `the pack has no file \`${file.name}\``, file.name);
    return typeof given === "string" ? from.file(file, new URL(given), heard) : bytesOf(given);
  };
  const { weights: file, tokenizer: words } = needed;
  const weights = await load(file, progress);
  const tokenizer = words && (await load(words));
  // The manifest of a pack that an app imports is in the app and has no address.
  const kept = from.keep(typeof at === "string" ? new URL(at).href : `pack ${needed.id}`, manifest);
  return { manifest, name: file.name, weights, tokenizer, fetched: from.bytes, kept };
}

async function bytesOf(file: Blob | Uint8Array): Promise<Uint8Array> {
  return file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
}

/** Files of a pack by their addresses: those that are kept from an earlier visit, or over the network. */
class Fetcher {
  #fetched: { hash: string; bytes: Uint8Array }[] = [];
  #addressed = false;
  /** That came over the network. */
  bytes = 0;

  constructor(
    readonly cache: PackCache | undefined,
    readonly network: Source["network"],
    readonly signal: AbortSignal,
  ) {}

  /** Fetched where that is possible: a pack may have been made anew. */
  async manifest(url: URL): Promise<string> {
    if (this.network === "never") {
      const kept = await this.cache?.manifest(url.href);
      if (kept === undefined) throw absent(url.href);
      return kept;
    }
    try {
      const bytes = await download(url, undefined, this.signal);
      this.bytes += bytes.length;
      return new TextDecoder().decode(bytes);
    } catch (error) {
      this.signal.throwIfAborted();
      const kept = await this.cache?.manifest(url.href);
      if (kept === undefined) throw error;
      return kept;
    }
  }

  async file({ name, bytes: total, sha256: hash }: ManifestFile, url: URL, heard?: Heard): Promise<Uint8Array> {
    this.#addressed = true;
    const kept = hash === undefined ? undefined : await this.cache?.file(hash);
    if (kept instanceof Uint8Array) {
      heard?.({ stage: "backbone", done: kept.length, total: kept.length });
      return kept;
    }
    if (this.network === "never") throw kept === "broken" ? damaged(name) : absent(url.href);
    const bytes = await download(url, total, this.signal, heard);
    this.bytes += bytes.length;
    this.#fetched.push({ hash: hash ?? "", bytes });
    return bytes;
  }

  /** Where something has an address: what came whole is the caller's to keep. */
  async keep(name: string, manifest: string): Promise<void> {
    if (this.#addressed) await this.cache?.keep(name, manifest, this.#fetched);
  }
}

function absent(item: string): HeadstartError {
  return new HeadstartError("network", 'network is "never", and this pack is not kept from an earlier visit: open it once with the network, or give its files as `backbone`', item);
}

function damaged(file: string): HeadstartError {
  return new HeadstartError("hash-mismatch", `\`${file}\`, as this browser kept it, is not the file it was; open it once with the network, and it is fetched again`, file);
}

function neededFiles(manifest: string): { id: string; weights: ManifestFile; tokenizer: ManifestFile | undefined } {
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
  return { id: String(parsed?.id), weights, tokenizer: words === undefined ? undefined : (files.find((f) => f.name === words) ?? { name: words }) };
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
