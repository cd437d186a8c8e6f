// What callers give, held against what the types promise: JavaScript has no types when it runs.
import type * as Face from "../index";
import { HeadstartError } from "./errors";
import type { Meta, OpenOptions, PackFiles } from "./protocol";

const DEFAULT_BACKBONE = { image: "efficientnet-lite0", text: "all-minilm-l6-v2" };

export function checkedOptions(options: Face.LearnerOptions): OpenOptions {
  const { task, device = "auto", network = "backbone-only", seed = 0, longText = "cut" } = options;
  if (task !== "image" && task !== "text") throw badOption("task", `"image" or "text", not ${JSON.stringify(task)}`);
  if (!["cut", "windows"].includes(longText)) throw badOption("longText", '"cut" or "windows"');
  const { backbone = DEFAULT_BACKBONE[task] } = options;
  if (!["auto", "webgpu", "cpu"].includes(device)) throw badOption("device", '"auto", "webgpu" or "cpu"');
  if (!["backbone-only", "never"].includes(network)) throw badOption("network", '"backbone-only" or "never"');
  checkSeed(seed);
  const workers = options.workers ?? Math.min(navigator.hardwareConcurrency || 2, 8);
  if (!Number.isInteger(workers) || workers < 1 || workers > 32) throw badOption("workers", "a whole number from 1 to 32");
  return { task, longText, device, network, seed, workers, assets: folderOf(options.assets), backbone: backboneOf(backbone), wasm: options.wasm };
}

/** The `assets` option as the address of a folder, with its last slash; relative to the page, as every address in a page is. */
export function folderOf(assets: string | URL | undefined): string | undefined {
  if (assets === undefined) return undefined;
  const url = new URL(assets, globalThis.location?.href);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

/** An id stays as it is; an address is made whole here, where the page's own address is known. URLs cannot cross to a worker. */
function backboneOf(backbone: string | URL | Face.BackbonePack): string | PackFiles {
  if (backbone instanceof URL) return backbone.href;
  if (typeof backbone === "object") return Object.fromEntries(Object.entries(backbone).map(([name, file]) => [name, file instanceof URL ? file.href : file]));
  if (typeof backbone !== "string" || !backbone.includes("/")) return backbone;
  return new URL(backbone, location.href).href;
}

export function checkReject(reject: unknown): void {
  if (reject !== undefined && !(typeof reject === "number" && reject >= 0 && reject < 1)) throw badOption("reject", "a number from 0 to below 1");
}

export function checkSeed(seed: unknown): void {
  if (seed !== undefined && (!Number.isSafeInteger(seed) || (seed as number) < 0)) throw badOption("seed", "a whole number from 0");
}

export function checkFolds(folds: unknown): void {
  if (!Number.isInteger(folds) || (folds as number) < 2 || (folds as number) > 20) throw badOption("folds", "a whole number from 2 to 20");
}

export function checkRepeats(repeats: unknown): void {
  if (repeats !== undefined && (!Number.isInteger(repeats) || (repeats as number) < 1 || (repeats as number) > 20)) throw badOption("repeats", "a whole number from 1 to 20");
}

/** Of `train`: numbers that JSON would turn to null on the way. The rest is checked where it is used. */
export function checkedRecipe(recipe: Record<string, unknown>): Record<string, unknown> {
  checkSeed(recipe.seed);
  for (const name of ["folds", "strength", "k", "stages", "epochs", "lora", "rate", "memory"]) {
    const value = recipe[name];
    if (value !== undefined && !Number.isFinite(value)) throw badOption(name, "a finite number");
  }
  // A field that is there and undefined would hide the default.
  return Object.fromEntries(Object.entries(recipe).filter(([, value]) => value !== undefined));
}

export function checkedSample(sample: Face.Sample): Face.Sample {
  if (typeof sample !== "object" || sample === null || sample.data === undefined || sample.data === null) {
    throw badSample("a sample is an object with `data`");
  }
  for (const name of ["id", "name", "group"] as const) {
    const value: unknown = sample[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) throw badSample(`\`${name}\` is a text that is not empty`);
  }
  const slice: unknown = sample.slice;
  const texts = (value: object) => Object.values(value).every((tag) => typeof tag === "string");
  if (slice !== undefined && (typeof slice !== "object" || slice === null || !texts(slice))) {
    throw badSample("`slice` is an object of texts");
  }
  if (sample.label !== undefined) checkLabel(sample.label);
  return sample;
}

export function checkLabel(label: unknown): void {
  const name = (label: unknown) => typeof label === "string" && label !== "";
  if (name(label) || Number.isFinite(label) || (Array.isArray(label) && label.every(name))) return;
  throw badSample(`a label is a text that is not empty, an array of such, or a finite number, not ${typeof label === "number" ? label : JSON.stringify(label)}`);
}

export function checkIds(ids: unknown): void {
  if (!Array.isArray(ids)) throw badOption("ids", "an array of sample ids");
  const odd = ids.findIndex((id) => typeof id !== "string");
  if (odd >= 0) throw new HeadstartError("unknown-id", `no sample has the id ${JSON.stringify(ids[odd])}`, String(ids[odd]));
}

export function checkIterable(name: string, value: unknown): void {
  const iterable = value as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  if (typeof value === "string" || typeof (iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator]) !== "function") {
    throw badOption(name, "an array, or another iterable");
  }
}

export function metaOf({ id, name, label, group, slice, data }: Face.Sample): Meta {
  return { id, name: name ?? (data instanceof File ? data.name : undefined), label, group, slice: slice ?? {} };
}

export function badOption(name: string, want: string): HeadstartError {
  return new HeadstartError("bad-option", `option \`${name}\`: ${want}`, name);
}

function badSample(why: string): HeadstartError {
  return new HeadstartError("bad-sample", why);
}

export function checkImport(options: Face.ImportOptions): Face.ImportOptions {
  const { format, header, text, label, group, slices, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw badOption(unknown, "not an option of importTexts");
  if (format !== undefined && !["csv", "tsv", "jsonl", "lines"].includes(format)) throw badOption("format", '"csv", "tsv", "jsonl" or "lines"');
  if (header !== undefined && typeof header !== "boolean") throw badOption("header", "true or false");
  for (const [name, value] of Object.entries({ text, label, group })) {
    if (value !== undefined && value !== null && typeof value !== "string") throw badOption(name, "the name of a column");
  }
  if (slices !== undefined && !Array.isArray(slices)) throw badOption("slices", "names of columns");
  return { format, header, text, label: label === null ? "" : label, group, slices };
}
