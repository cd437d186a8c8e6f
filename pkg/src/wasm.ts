import { HeadstartError } from "./errors";
import { cpuFile, gpuFile, learnerFile, learnerRelaxedFile, relaxedFile } from "./files";

/** What the CPU module exports: extractors, and trainings of a backbone. */
export type CpuModule = typeof import("./generated/headstart_cpu.js");
/** What the learner's module exports. */
export type LearnerModule = typeof import("./generated/headstart_learner.js");
/** The part of the CPU module that the GPU module has too. */
export type Extraction = Pick<CpuModule, "Extractor" | "TuneBench">;
/** The `wasm` option: one is the CPU module. */
export type GivenCode = Code | { cpu?: Code; learner?: Code };
type Code = BufferSource | WebAssembly.Module;

/** Fetches and compiles a module, so that all workers can share it. */
export async function compile(url: URL): Promise<WebAssembly.Module> {
  const file = fromDisk(url);
  const response = file ? undefined : await fetchOk(url);
  try {
    if (!response) return await WebAssembly.compile(file!);
    // Hosts that serve wasm under another type still work, without streaming.
    if (response.headers.get("content-type")?.startsWith("application/wasm")) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    // A page that says "not found" with status 200, a connection that broke, a policy without wasm-unsafe-eval.
    throw new HeadstartError("network", `${url} could not be compiled: ${text(error)}`, url.href);
  }
}

/** In Node, whose `fetch` reads no files. Not by an `import`, which bundlers for browsers would look into. */
function fromDisk(url: URL): Uint8Array<ArrayBuffer> | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: "node:fs"): { readFileSync(file: URL): Uint8Array<ArrayBuffer> } } };
  if (url.protocol !== "file:") return undefined;
  try {
    return process?.getBuiltinModule?.("node:fs").readFileSync(url);
  } catch (error) {
    throw new HeadstartError("network", `cannot read ${url}: ${text(error)}`, url.href);
  }
}

/** A module's code, compiled once for all workers, and which of its two builds it is: for any engine, or for one with relaxed SIMD. */
export interface Compiled {
  module: WebAssembly.Module;
  relaxed: boolean;
}

/**
 * The CPU and the learner's module, in the build that this engine is fastest with; what the `wasm` option gives is the one that every
 * engine takes.
 */
export async function modules(assets?: string, wasm: GivenCode = {}): Promise<{ cpu: Compiled; learner: Compiled }> {
  const given = byName(wasm);
  const [cpu, learner] = await Promise.all([cpuCode(assets, given.cpu), compiled(given.learner, assets, learnerFile, learnerRelaxedFile)]);
  return { cpu, learner };
}

function byName(wasm: GivenCode): { cpu?: Code; learner?: Code } {
  return wasm instanceof WebAssembly.Module || wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm) ? { cpu: wasm } : wasm;
}

/** The CPU module alone. */
export function cpuCode(assets?: string, given?: Code): Promise<Compiled> {
  return compiled(given, assets, cpuFile, relaxedFile);
}

/** The CPU module as bytes, in the build that every engine takes: what a page carries with it. */
export async function cpuBytes(assets: string | undefined, wasm: GivenCode = {}): Promise<BufferSource> {
  const { cpu } = byName(wasm);
  return cpu && !(cpu instanceof WebAssembly.Module) ? cpu : (await fetchOk(cpuFile(assets))).arrayBuffer();
}

type FileOf = (assets?: string) => URL;

async function compiled(given: Code | undefined, assets: string | undefined, plain: FileOf, fast: FileOf): Promise<Compiled> {
  if (given) return { module: await compileGiven(given), relaxed: false };
  const relaxed = WebAssembly.validate(RELAXED_SIMD);
  return { module: await compile((relaxed ? fast : plain)(assets)), relaxed };
}

/** `(func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))` */
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11,
]);

async function compileGiven(wasm: BufferSource | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  return WebAssembly.compile(wasm).catch((error: unknown) => {
    throw new HeadstartError("bad-option", `option \`wasm\`: ${text(error)}`, "wasm");
  });
}

/** Instantiates the CPU module in this worker. */
export async function cpuModule({ module, relaxed }: Compiled): Promise<CpuModule> {
  const glue = await (relaxed ? import("./generated/headstart_relaxed.js") : import("./generated/headstart_cpu.js"));
  await glue.default({ module_or_path: module });
  // The two differ in their kernels alone, and TypeScript sees two classes of each name.
  return glue as unknown as CpuModule;
}

/** The same of the learner's module. */
export async function learnerModule({ module, relaxed }: Compiled): Promise<LearnerModule> {
  const glue = await (relaxed ? import("./generated/headstart_learner_relaxed.js") : import("./generated/headstart_learner.js"));
  await glue.default({ module_or_path: module });
  return glue as unknown as LearnerModule;
}

/** Fetched only here, so that nobody without a GPU downloads it. */
export async function gpuModule(assets?: string): Promise<Extraction> {
  const [glue, module] = await Promise.all([import("./generated/headstart_gpu.js"), compile(gpuFile(assets))]);
  await glue.default({ module_or_path: module });
  // Only the internals of the two differ, and nothing here touches those.
  return glue as unknown as Extraction;
}

export async function fetchOk(url: URL, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal: signal ?? null }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new HeadstartError("network", `cannot fetch ${url}: ${text(error)}`, url.href);
  });
  if (!response.ok) {
    throw new HeadstartError(
      "network",
      `${url} answered ${response.status}; check the \`assets\` option and that pkg/ is served whole`,
      url.href,
    );
  }
  return response;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
