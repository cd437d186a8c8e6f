import { HeadstartError } from "./errors";

/** What the two generated modules export; they are built from the same `src/web`. */
export type Module = typeof import("./generated/headstart_cpu.js");

/** Fetches and compiles a module, so that all workers can share it. */
export async function compile(assets: string, name: string): Promise<WebAssembly.Module> {
  const url = new URL(`${name}_bg.wasm`, assets);
  const response = await fetchOk(url);
  // Hosts that serve wasm under another type still work, without streaming.
  if (response.headers.get("content-type")?.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Instantiates the CPU module in this worker. */
export async function cpuModule(module: WebAssembly.Module): Promise<Module> {
  const glue = await import("./generated/headstart_cpu.js");
  await glue.default({ module_or_path: module });
  return glue;
}

/** Fetched only here, so that nobody without a GPU downloads it. */
export async function gpuModule(assets: string): Promise<Module> {
  const [glue, module] = await Promise.all([import("./generated/headstart_gpu.js"), compile(assets, "headstart_gpu")]);
  await glue.default({ module_or_path: module });
  // Only the internals of the two differ, and nothing here touches those.
  return glue as unknown as Module;
}

export async function fetchOk(url: URL): Promise<Response> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new HeadstartError("network", `cannot fetch ${url}: ${error instanceof Error ? error.message : error}`, url.href);
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
