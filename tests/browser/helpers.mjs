// What tests and proofs do in a page: run there by `page.evaluate(helpers)`, it sees nothing of this file.
export async function helpers() {
  Object.assign(globalThis, await import("/pkg/index.js"));
  globalThis.fetched = (list) =>
    Promise.all(list.map(async ({ url, label, name }) => ({ data: await (await fetch(url)).blob(), label, name })));
  /** A picture of one colour with some noise: quick to tell apart, different each time. */
  globalThis.paint = ([r, g, b], seed, side = 48) => {
    const canvas = new OffscreenCanvas(side, side);
    const context = canvas.getContext("2d");
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(0, 0, side, side);
    for (let i = 0; i < 40; i++) {
      const at = Math.sin(seed * 97 + i * 13) * 0.5 + 0.5;
      context.fillStyle = `rgb(${255 * at} ${(seed * 37 + i * 11) % 255} ${(i * 29) % 255})`;
      context.fillRect((i * 7 + seed * 5) % side, at * side, 4, 4);
    }
    return canvas.convertToBlob({ type: "image/png" });
  };
  /** Numbers of 0 to 1 that seem random, and are the same each time (mulberry32). */
  globalThis.numbers = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  globalThis.painted = async (each, from = 0) => {
    const samples = [];
    for (let i = from; i < from + each; i++) {
      samples.push({ data: await paint([200, 30, 30], i), label: "red", name: `red${i}.png` });
      samples.push({ data: await paint([30, 60, 210], i), label: "blue", name: `blue${i}.png` });
    }
    return samples;
  };
  globalThis.trained = async (learner, options) => {
    let result;
    for await (const event of learner.train(options)) if (event.type === "done") result = event.result;
    return result;
  };
  /** All events of a fine-tuning. */
  globalThis.tuned = async (learner, options) => {
    const events = [];
    for await (const event of learner.fineTune(options)) events.push(event);
    return events;
  };
  /** A grey field with a white dot on one side of it, which a pretrained backbone hardly sees. */
  globalThis.dot = (side, i) => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d");
    const random = numbers(i * 2 + side);
    for (let k = 0; k < 64; k++) {
      context.fillStyle = `hsl(${360 * random()} 30% ${40 + 20 * random()}%)`;
      context.fillRect((k % 8) * 8, (k >> 3) * 8, 8, 8);
    }
    context.fillStyle = "white";
    context.fillRect(side * 32 + 4 + 18 * random(), 8 + 40 * random(), 6, 6);
    return canvas;
  };
  globalThis.dots = (each) => Array.from({ length: 2 * each }, (_, i) => ({ data: dot(i % 2, i), label: i % 2 ? "right" : "left", name: `dot ${i}` }));
  /** A label by two words, of which neither alone says anything: a frozen backbone's head is at a loss, a tuned one learns it. */
  globalThis.riddles = () => {
    const words = [["red", "big", "even"], ["red", "small", "odd"], ["blue", "big", "odd"], ["blue", "small", "even"]];
    return ["tea", "cup", "hat", "car"].flatMap((thing) =>
      ["dog", "cat", "fox", "cow"].flatMap((animal) => words.map(([colour, size, label]) => ({ data: `${thing} ${colour} ${animal} ${size}`, label }))),
    );
  };
  globalThis.code = (promise) => promise.then(() => "no error", (error) => error.code ?? String(error));
  globalThis.cosine = (a, b) => {
    let [ab, aa, bb] = [0, 0, 0];
    a.forEach((v, i) => ((ab += v * b[i]), (aa += v * v), (bb += b[i] * b[i])));
    return ab / Math.sqrt(aa * bb);
  };
  /** The tensor of a safetensors file, as f32. */
  globalThis.tensor = async (url, name) => {
    const bytes = await (await fetch(url)).arrayBuffer();
    const size = Number(new DataView(bytes).getBigUint64(0, true));
    const { data_offsets, shape } = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, size)))[name];
    const data = bytes.slice(8 + size + data_offsets[0], 8 + size + data_offsets[1]);
    return { shape, bytes: new Uint8Array(data), data: data.byteLength % 4 === 0 ? new Float32Array(data) : undefined };
  };
  /** The two pictures of tests/golden/synthetic_golden.json, from its formula. */
  globalThis.synthetic = () =>
    [0, 1].map((n) => {
      const image = new ImageData(224, 224);
      for (let y = 0; y < 224; y++)
        for (let x = 0; x < 224; x++) {
          const at = (y * 224 + x) * 4;
          const checker = ((x >> 4) + (y >> 4)) % 2 ? 200 : 0;
          const rgb =
            n === 0
              ? [0, 1, 2].map((c) => ((x * x * (c + 1) + y * y * (c + 2) + 3 * x * y) >> 6) & 255)
              : [Math.floor((x * 255) / 223), Math.floor((y * 255) / 223), checker];
          image.data.set([...rgb, 255], at);
        }
      return image;
    });
  /** A worker whose globals are changed by `patch` (source text) before Headstart's own script runs. */
  globalThis.patchedWorker = (patch) => () => {
    const url = (source) => URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return new Worker(url(`import "${url(patch)}"; import "${location.origin}/pkg/worker.js";`), { type: "module" });
  };
}
