import { HeadstartError } from "./errors";

/** What the CPU module exports. */
export type Module = typeof import("./generated/headstart_cpu.js");
/** The part of it that the GPU module has too. */
export type Extraction = Pick<Module, "Extractor">;

/** Fetches and compiles a module, so that all workers can share it. */
export async function compile(assets: string, name: string): Promise<WebAssembly.Module> {
  const url = new URL(`${name}_bg.wasm`, assets);
  const response = await fetchOk(url);
  try {
    // Hosts that serve wasm under another type still work, without streaming.
    if (response.headers.get("content-type")?.startsWith("application/wasm")) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    // A page that says "not found" with status 200, a connection that broke, a policy without wasm-unsafe-eval.
    throw new HeadstartError("network", `${url} could not be compiled: ${text(error)}`, url.href);
  }
}

/** The `wasm` option. */
export async function compileGiven(wasm: BufferSource | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  return WebAssembly.compile(wasm).catch((error: unknown) => {
    throw new HeadstartError("bad-option", `option \`wasm\`: ${text(error)}`, "wasm");
  });
}

/** Instantiates the CPU module in this worker. */
export async function cpuModule(module: WebAssembly.Module): Promise<Module> {
  const glue = await import("./generated/headstart_cpu.js");
  await glue.default({ module_or_path: module });
  return glue;
}

/** Fetched only here, so that nobody without a GPU downloads it. */
export async function gpuModule(assets: string): Promise<Extraction> {
  const [glue, module] = await Promise.all([import("./generated/headstart_gpu.js"), compile(assets, "headstart_gpu")]);
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
