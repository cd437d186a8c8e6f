import { HeadstartError } from "./errors";

export interface Gpu {
  name: string;
  /** A software adapter: right answers, but slower than the CPU path. */
  software: boolean;
}

// TypeScript's own library has no WebGPU yet; this is the part that is asked for here.
interface Adapter {
  info?: { vendor: string; architecture: string; device: string; description: string; isFallbackAdapter?: boolean };
  features: { has(name: string): boolean };
  isFallbackAdapter?: boolean;
}
// Browsers had WebGPU before adapters had `info`.
const NO_INFO = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: undefined };
type GpuNavigator = { gpu?: { requestAdapter(options: object): Promise<Adapter | null> } };

/** Asks the browser for an adapter. Rejects with `no-webgpu` and the reason. */
export async function findGpu(): Promise<Gpu> {
  const { gpu } = navigator as GpuNavigator;
  if (!gpu) throw none("this browser has no WebGPU, or this page is not a secure context");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch((error: unknown) => {
    throw none(error instanceof Error ? error.message : String(error));
  });
  if (!adapter) throw none("the browser offers no adapter");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info ?? NO_INFO;
  const name = description || [vendor, architecture, device].filter(Boolean).join(" ") || "unnamed adapter";
  // cubecl panics in the browser without it.
  if (!adapter.features.has("timestamp-query")) throw none(`the adapter (${name}) has no timestamp-query`);
  return { name, software: isFallbackAdapter ?? adapter.isFallbackAdapter ?? false };
}

function none(reason: string): HeadstartError {
  return new HeadstartError("no-webgpu", `no usable WebGPU here: ${reason}; use device "auto" or "cpu"`);
}
