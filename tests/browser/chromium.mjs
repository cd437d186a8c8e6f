// One Chromium for all browser tests, and pages in it that fail on any request to another origin.
import { after } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { args, executable, fakeCamera, softwareGpu } from "../../scripts/chromium.mjs";
import { dist, packs, pkg, root, shared } from "../../scripts/paths.mjs";
import { serve } from "./server.mjs";

// At the top and not in `before`: node starts hooks of the root when they are declared, and does not wait.
const server = await serve({ pkg, dist, packs, data: join(shared, "data"), golden: join(root, "tests/golden"), shared: join(shared, "golden") });
const browser = await chromium.launch({ executablePath: executable, args: [...args, ...softwareGpu, ...fakeCamera] });

after(async () => {
  await browser.close();
  await server.close();
});

export const hasShared = existsSync(join(shared, "data"));
/** For `test(name, needsShared, …)`: says so where the shared data is absent. */
export const needsShared = { skip: hasShared ? false : "../shared is not here" };

/** Runs `work(page)` on a page of its own, in a context of its own. `strangers: "refused"`: it tries, and must fail. */
export async function withPage(work, { path = "/", strangers: expected = "none", ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const strangers = [];
  const complaints = [];
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== server.origin) strangers.push(request.url());
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.complaints = complaints;
  try {
    await page.goto(server.origin + path);
    const result = await work(page);
    if (expected === "none") assert.deepEqual(strangers, [], "requests that left the page's origin");
    return result;
  } finally {
    await context.close();
  }
}

/**
 * Like `withPage`, on an empty page with the face and a few helpers in `globalThis`. `work` runs in the page, and nothing
 * in it may go unhandled.
 */
export function inPage(work, arg) {
  return withPage(async (page) => {
    await page.evaluate(helpers);
    const result = await page.evaluate(work, arg);
    assert.deepEqual(page.complaints.filter((text) => text.startsWith("uncaught")), []);
    return result;
  });
}

/** Addresses of `each` files of every class of a data set. */
export function pictures(set, part, { classes, from = 0, each = Infinity } = {}) {
  const folder = join(shared, "data", set, part);
  return (classes ?? readdirSync(folder).sort()).flatMap((label) =>
    readdirSync(join(folder, label))
      .sort()
      .slice(from, from + each)
      .map((name) => ({ label, name, url: `/data/${set}/${part}/${label}/${encodeURIComponent(name)}` })),
  );
}

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
