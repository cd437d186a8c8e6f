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
    // They hear each other's answers too.
    channel.onmessage = ({ data }) => data === "?" && channel.postMessage(memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
  `);
  const channel = new BroadcastChannel("memory");
  /** Of all workers that answer within a second: one that computes answers between two pieces of its work. */
  globalThis.wasmBytes = async () => {
    let sum = 0;
    channel.onmessage = ({ data }) => (sum += data);
    channel.postMessage("?");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return sum;
  };
  globalThis.jsBytes = async () => (await performance.measureUserAgentSpecificMemory()).bytes;
}
