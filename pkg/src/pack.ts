import type { LearnerOptions, Progress } from "../index";
import { HeadstartError } from "./errors";
import { here } from "./here";
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
}

/** The fields of a manifest that this side needs; the whole of it is checked in Rust. */
interface ManifestFiles {
  files?: { name: string; bytes: number }[];
  preprocess?: { tokenizer?: string };
}

export async function loadPack(
  options: { backbone: string | PackFiles; assets?: string; network: NonNullable<LearnerOptions["network"]> },
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<Pack> {
  const { backbone, assets, network } = options;
  if (typeof backbone !== "string") return fromFiles(backbone, network, signal, progress);
  if (network === "never") throw mayNotFetch(backbone);
  // An id names a folder beside the package; anything with a slash is the whole address of a manifest.
  const bundled = !backbone.includes("/");
  const url = bundled ? new URL(`backbones/${backbone}/manifest.json`, assets ?? here) : new URL(backbone);
  let manifest: string;
  let needed: ReturnType<typeof neededFiles>;
  try {
    manifest = new TextDecoder().decode(await download(url, undefined, signal));
    needed = neededFiles(manifest);
  } catch (error) {
    if (!bundled || !(error instanceof HeadstartError)) throw error;
    const hint = `an app that is bundled gives what \`headstart/backbones/${backbone}\` exports as \`backbone\``;
    throw new HeadstartError(error.code, `${error.message}; ${hint}`, error.item);
  }
  const { weights: file, tokenizer: words } = needed;
  const weights = await download(new URL(file.name, url), file.bytes, signal, progress);
  const tokenizer = words === undefined ? undefined : await download(new URL(words, url), undefined, signal);
  return { manifest, name: file.name, weights, tokenizer, fetched: weights.length + manifest.length + (tokenizer?.length ?? 0) };
}

async function fromFiles(
  files: PackFiles,
  network: NonNullable<LearnerOptions["network"]>,
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<Pack> {
  let fetched = 0;
  const bytesOf = async (name: string, total?: number): Promise<Uint8Array> => {
    const file = files[name];
    if (!file) throw new HeadstartError("bad-pack", `the pack has no file \`${name}\``, name);
    if (typeof file !== "string") return file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
    if (network === "never") throw mayNotFetch(file);
    const bytes = await download(new URL(file), total, signal, total === undefined ? undefined : progress);
    fetched += bytes.length;
    return bytes;
  };
  const manifest = new TextDecoder().decode(await bytesOf("manifest.json"));
  const { weights: file, tokenizer: words } = neededFiles(manifest);
  const weights = await bytesOf(file.name, file.bytes);
  const tokenizer = words === undefined ? undefined : await bytesOf(words);
  return { manifest, name: file.name, weights, tokenizer, fetched };
}

function mayNotFetch(what: string): HeadstartError {
  return new HeadstartError("network", 'network is "never": give the pack\'s files as `backbone`', what);
}

function neededFiles(manifest: string): { weights: { name: string; bytes: number }; tokenizer: string | undefined } {
  let parsed: ManifestFiles | null;
  try {
    parsed = JSON.parse(manifest) as ManifestFiles | null;
  } catch (error) {
    throw new HeadstartError("bad-pack", `manifest.json is not JSON: ${(error as Error).message}`, "manifest.json");
  }
  const weights = parsed?.files?.find((f) => f.name?.endsWith(".safetensors"));
  if (!weights) throw new HeadstartError("bad-pack", "manifest.json lists no .safetensors file", "manifest.json");
  return { weights, tokenizer: parsed?.preprocess?.tokenizer };
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
