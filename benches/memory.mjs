// What a page and its workers hold. Run in the page by `page.evaluate(measuring)`, after the helpers of tests/browser/helpers.mjs.
export function measuring() {
  // Chromium's measure leaves out the wasm memory of workers: each is asked for its own.
  globalThis.measuredWorker = patchedWorker(`
    const memories = [];
    const note = (result) => {
      for (const value of Object.values((result.instance ?? result).exports)) if (value instanceof WebAssembly.Memory) memories.push(value);
      return result;
    };
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (...given) => note(await instantiate(...given));
    const channel = new BroadcastChannel("memory");
    const id = crypto.randomUUID();
    // They hear each other's answers too.
    channel.onmessage = ({ data }) => data === "?" && channel.postMessage([id, memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)]);
  `);
  const channel = new BroadcastChannel("memory");
  /** Of all workers that answer within a second: one that computes answers between two pieces of its work. */
  globalThis.wasmBytes = async () => {
    // One that was busy may answer twice.
    const bytes = new Map();
    channel.onmessage = ({ data: [id, held] }) => bytes.set(id, held);
    channel.postMessage("?");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return [...bytes.values()].reduce((sum, held) => sum + held, 0);
  };
  globalThis.jsBytes = async () => (await performance.measureUserAgentSpecificMemory()).bytes;
}
