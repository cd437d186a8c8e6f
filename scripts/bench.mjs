// Headstart and its peers: one Chromium, the same network and input, in alternation. Medians and ratios go to
// benches/results/bench.json and BENCHMARKS.md. `npm run bench -- page`, `-- profile`, `-- sizes`, `-- native` and `-- peers` measure a
// part each.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import * as engines from "../benches/engines.mjs";
import { firsts, firstsTable } from "../benches/firsts.mjs";
import { firstMinute, mainThread, pageTable, scrolling } from "../benches/page.mjs";
import { native, nativeTable } from "../benches/native.mjs";
import { machine, record } from "../benches/record.mjs";
import { byCrate, downloads, ofFiles, sizesTable } from "../benches/sizes.mjs";
import { serve } from "../tests/browser/server.mjs";
import { build } from "./build.mjs";
import { args, executable, softwareGpu } from "./chromium.mjs";
import { dist, generated, pkg, root, shared } from "./paths.mjs";
import { python, pythonForTests } from "./python.mjs";
import { Stop, main, run, step } from "./run.mjs";
import { setup } from "./setup.mjs";

const cores = cpus().length;
const cpu = { warmUp: 8, rounds: 12 };
// SwiftShader takes seconds a picture: enough for a ratio.
const software = { warmUp: 1, rounds: 3 };
const softwareOnce = { warmUp: 1, rounds: 1 };

const relaxed = "Headstart, relaxed SIMD";
const plain = "Headstart, plain SIMD";
const xnnpack = "tfjs-backend-wasm 4.22 (XNNPACK)";
const ort = "onnxruntime-web 1.30";

/** Engines that are compared with each other: the first is ours. */
const contests = [
  ...[1, 8].map((batch) => ({
    name: `Picture, CPU, one thread, batch ${batch}`,
    items: batch,
    ...cpu,
    entries: [
      [relaxed, "headstart", { build: "relaxed", batch }],
      [plain, "headstart", { build: "cpu", batch }],
      [xnnpack, "tfjs", { backend: "wasm", threads: 1, batch }],
      [`${ort} wasm`, "onnxruntime", { provider: "wasm", threads: 1, batch }],
    ],
  })),
  {
    name: `Picture, CPU, all ${cores} cores, 64 pictures`,
    items: 64,
    warmUp: 2,
    rounds: 6,
    entries: [
      [`Headstart's face, ${cores} workers`, "headstartPool", { workers: cores, batch: 64 }],
      ["Headstart's face, 1 worker", "headstartPool", { workers: 1, batch: 64 }],
      [`${xnnpack}, ${cores} threads`, "tfjs", { backend: "wasm", threads: cores, batch: 8, pictures: 64 }],
      [`${ort} wasm, ${cores} threads`, "onnxruntime", { provider: "wasm", threads: cores, batch: 8, pictures: 64 }],
    ],
  },
  ...[[1, software], [8, softwareOnce]].map(([batch, how]) => ({
    name: `Picture, WebGPU on SwiftShader, batch ${batch}`,
    items: batch,
    ...how,
    entries: [
      ["Headstart", "headstart", { build: "gpu", batch }],
      [`${ort} webgpu`, "onnxruntime", { provider: "webgpu", threads: 1, batch }],
      ["tfjs-backend-webgpu 4.22", "tfjs", { backend: "webgpu", threads: 1, batch }],
    ],
  })),
];

/** The same with sentences: real ones, as they come. */
function textContests(sentences, ids) {
  const few = ids.slice(0, 8);
  const text = { unit: "sentence" };
  const short = { ...text, items: ids.length, warmUp: 3, rounds: 8 };
  return [
    {
      ...short,
      name: `Text, CPU, one thread, ${ids.length} sentences of banking77`,
      entries: [
        [relaxed, "headstartText", { build: "relaxed", ids }],
        [plain, "headstartText", { build: "cpu", ids }],
        [`${ort} wasm, one at a time, no padding`, "onnxruntimeText", { provider: "wasm", threads: 1, batch: 1, ids }],
        [`${ort} wasm, 8 of like length, padded`, "onnxruntimeText", { provider: "wasm", threads: 1, batch: 8, ids }],
      ],
    },
    {
      ...short,
      name: `Text, CPU, all ${cores} cores, ${ids.length} sentences of banking77`,
      entries: [
        [`Headstart's face, ${cores} workers, tokens included`, "headstartTextPool", { workers: cores, sentences }],
        [`${ort} wasm, ${cores} threads, one at a time`, "onnxruntimeText", { provider: "wasm", threads: cores, batch: 1, ids }],
        [`${ort} wasm, ${cores} threads, 8 padded`, "onnxruntimeText", { provider: "wasm", threads: cores, batch: 8, ids }],
      ],
    },
    {
      ...text,
      ...softwareOnce,
      items: few.length,
      name: `Text, WebGPU on SwiftShader, batch ${few.length}`,
      entries: [
        ["Headstart", "headstartText", { build: "gpu", ids: few }],
        [`${ort} webgpu, one at a time`, "onnxruntimeText", { provider: "webgpu", threads: 1, batch: 1, ids: few }],
        [`${ort} webgpu, ${few.length} padded`, "onnxruntimeText", { provider: "webgpu", threads: 1, batch: few.length, ids: few }],
      ],
    },
  ];
}

/** 500 photographs: taken in, a head trained, and checked. */
function recipes() {
  const set = join(shared, "data/clothing10/train");
  const files = readdirSync(set).flatMap((label) =>
    readdirSync(join(set, label)).slice(0, 50).map((name) => ({ label, url: `/train/${label}/${name}` })),
  );
  return {
    name: `${files.length} photographs → a trained and checked head, all ${cores} cores`,
    unit: "picture",
    items: files.length,
    warmUp: 1,
    rounds: 3,
    entries: [
      ["Headstart's face", "headstartRecipe", { files }],
      ["tfjs wasm: MobileNetV2, dense 100, 50 epochs", "tfjsRecipe", { backend: "wasm", threads: cores, alpha: 1, files }],
      ["the same with MobileNetV2 0.35, Teachable Machine's", "tfjsRecipe", { backend: "wasm", threads: cores, alpha: 0.35, files }],
    ],
  };
}

/** Test sentences of banking77. */
async function realSentences(browser, origin) {
  const { default: Papa } = await import("papaparse");
  const { data } = Papa.parse(readFileSync(join(shared, "data/banking77/test.csv"), "utf8"), { header: true });
  const sentences = Array.from({ length: 64 }, (_, i) => data[31 * i].text);
  const page = await browser.newPage();
  await page.goto(origin);
  const ids = await page.evaluate(engines.tokens, sentences);
  await page.close();
  return { sentences, ids };
}

/** Seconds that two passes may take before an engine is given up. */
const PATIENCE = 400;

await main(async () => {
  const [only] = process.argv.slice(2);
  // Nothing of it runs in a browser.
  if (only === "native") return natively();
  await setup({ browser: true });
  await build();
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: executable, args: [...args, ...softwareGpu] });
  try {
    const where = await machine(browser);
    if (!only || only === "page") {
      const results = { machine: where, page: await page(browser) };
      record("page", results, pageTable(results.page));
    }
    if (!only || only === "profile") {
      const results = { machine: where, profiles: await profile(browser) };
      record("profile", results, profileTable(results.profiles));
    }
    if (!only || only === "sizes") {
      const results = { machine: where, ...(await sizes(browser)) };
      record("sizes", results, sizesTable(results));
    }
    if (!only || only === "tune") await tuneStep(browser, where);
    if (!only || only === "peers") await peers(browser, where);
  } finally {
    await browser.close();
  }
  if (!only) await natively();
});

async function natively() {
  await setup();
  await step("Python with PyTorch", pythonForTests);
  const photos = join(shared, "data/clothing10/test");
  if (!existsSync(photos)) throw new Stop("../shared/data/clothing10 is not here: nothing to embed");
  await step("native embedding", async () => {
    const results = { machine: await machine(), ...(await native(photos, python)) };
    record("native", results, nativeTable(results));
  });
}

/** The peers, and what they need, on a server of their own. */
async function peersServer() {
  if (!existsSync(join(shared, "peers/lite0.onnx"))) throw new Stop("../shared/peers/lite0.onnx is not here: nothing to compare with");
  await step("peers", () => run("npm", ["ci", "--ignore-scripts", "--no-progress", "--prefix", join(root, "benches")]));
  const mounts = { pkg, generated, modules: join(root, "benches/node_modules"), peers: join(shared, "peers"), train: join(shared, "data/clothing10/train"), models: models() };
  const server = await serve(mounts, {
    headers: {
      "Cache-Control": "max-age=3600",
      // The peers need these for their threads. We do not.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    },
  });
  const fileOf = (path) => join(mounts[path.split("/")[1]] ?? "", ...path.split("/").slice(2));
  return { ...server, fileOf };
}

/** Which of tfjs's backends can train the blocks is part of the answer: its wasm backend has no gradients of convolutions. Each is tried, and the quickest held against ours. */
async function tuneStep(browser, where) {
  const server = await peersServer();
  const batch = 32;
  const results = { machine: where, contests: [], tried: [] };
  const theirs = (backend) => [`tfjs ${backend}`, "tfjsStep", { backend, threads: 1, batch }];
  for (const backend of ["wasm", "webgpu", "webgl", "cpu"]) {
    await step(`can tfjs ${backend} train`, async () => {
      const found = await trial(theirs(backend), browser, server.origin);
      results.tried.push({ backend, ...found });
      return JSON.stringify(found);
    });
  }
  const [quickest] = results.tried.filter(({ ms }) => ms).sort((a, b) => a.ms - b.ms);
  if (!quickest) throw new Stop("no backend of tfjs trained a step");
  const { backend } = quickest;
  await step(`one fine-tuning step beside tfjs ${backend}`, async () => {
    const entries = [["Headstart, relaxed SIMD, one worker", "headstartStep", { build: "relaxed", batch }], theirs(backend)];
    results.contests.push(await hold({ name: `One step of the last two stages, batch ${batch}`, unit: "step", items: 1, warmUp: 2, rounds: 10, entries }, browser, server.origin));
  });
  record("tune", results, tuneTable(results));
  await server.close();
}

/** How long an engine's second pass takes, or why there is none. */
async function trial([, engine, options], browser, origin) {
  const page = await browser.newPage();
  await page.goto(origin);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`no second step within ${PATIENCE} s`)), PATIENCE * 1000).unref());
  const two = async () => {
    await page.evaluate(engines.loadTfjs, options);
    await page.evaluate(engines[engine], options);
    await page.evaluate(() => globalThis.pass().then(() => {}));
    return page.evaluate(async () => {
      const start = performance.now();
      await globalThis.pass();
      return performance.now() - start;
    });
  };
  const running = two();
  running.catch(() => {});
  try {
    return { ms: await Promise.race([running, late]) };
  } catch (error) {
    // A browser that is gone says nothing of the engine.
    if (!browser.isConnected()) throw error;
    return { why: String(error.message).split("\n")[0].slice(0, 200) };
  } finally {
    await page.close();
  }
}

function tuneTable({ contests, tried }) {
  const lines = ["| | ms a step | min to max | time, Headstart = 1 |", "|---|---|---|---|"];
  for (const { rows } of contests) {
    for (const { label, median, min, max } of rows) {
      lines.push(`| ${label} | ${median.toFixed(0)} | ${min.toFixed(0)} to ${max.toFixed(0)} | ${(median / rows[0].median).toFixed(2)} |`);
    }
  }
  lines.push("", `The backends by a single step: ${tried.map(({ backend, ms, why }) => `${backend} ${ms ? `${(ms / 1000).toFixed(1)} s` : `cannot (${why})`}`).join("; ")}.`);
  return lines.join("\n");
}

async function sizes(browser) {
  const results = {};
  await step("bytes of the package", () => {
    results.sizes = ofFiles();
    results.crates = byCrate();
  });
  // Where the peers' networks are not, the package's own bytes have to do.
  if (!existsSync(join(shared, "peers/lite0.onnx"))) return results;
  const server = await peersServer();
  await step("bytes that pages download", async () => {
    results.downloads = await downloads(browser, server.origin, server.fileOf);
  });
  await server.close();
  return results;
}

async function peers(browser, where) {
  const server = await peersServer();
  const results = { machine: where, contests: [] };
  const { sentences, ids } = await realSentences(browser, server.origin);
  for (const contest of [...contests, ...textContests(sentences, ids), recipes()]) {
    await step(contest.name, async () => {
      results.contests.push(await hold(contest, browser, server.origin));
    });
  }
  await step("from an empty page to the first answer", async () => {
    results.firsts = await firsts(browser, server.origin);
  });
  await server.close();
  record("bench", results, table(results));
}

/** Where the time of a pass goes, on one thread. */
async function profile(browser) {
  const server = await serve({ pkg, generated }, { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } });
  const profiles = [];
  await step("parts of the networks", async () => {
    for (const [name, options] of [
      ["EfficientNet-Lite0, one picture", { pack: "efficientnet-lite0", tokens: 0 }],
      ["all-MiniLM-L6-v2, a text of 32 tokens", { pack: "all-minilm-l6-v2", tokens: 32 }],
    ]) {
      const page = await browser.newPage();
      await page.goto(server.origin);
      profiles.push({ name, parts: await page.evaluate(engines.profile, { build: "relaxed", ...options }) });
      await page.close();
    }
  });
  await server.close();
  return profiles;
}

/** Served as any host would, without the headers that the peers need. */
async function page(browser) {
  const server = await serve({ app: dist });
  const results = {};
  await step("page: the first minute", async () => {
    results.first = await firstMinute(browser, `${server.origin}/app/`);
  });
  await step("page: 500 pictures", async () => {
    results.main = await mainThread(browser, `${server.origin}/app/`, join(shared, "data/clothing10/train"));
  });
  await step("page: 10,000 thumbnails", async () => {
    results.scroll = await scrolling(browser, `${server.origin}/app/`);
  });
  await server.close();
  return results;
}

async function hold({ name, items, unit = "picture", warmUp, rounds, entries }, browser, origin) {
  const seats = [];
  for (const [label, engine, options] of entries) {
    const page = await browser.newPage();
    await page.goto(origin);
    if (engine.startsWith("tfjs")) await page.evaluate(engines.loadTfjs, options);
    await page.evaluate(engines[engine], options);
    const pass = () =>
      page.evaluate(async () => {
        const start = performance.now();
        // Some leave out what is not to be counted, and say what took how long.
        return (await globalThis.pass())?.milliseconds ?? performance.now() - start;
      });
    const first = await pass();
    for (let i = 1; i < warmUp; i++) await pass();
    seats.push({ label, page, pass, first, times: [] });
  }
  for (let i = 0; i < rounds; i++) for (const seat of seats) seat.times.push(await seat.pass());
  for (const seat of seats) await seat.page.close();
  const each = (ms) => ms / items;
  const rows = seats.map(({ label, first, times }) => {
    const sorted = [...times].sort((a, b) => a - b).map(each);
    return { label, first: each(first), median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
  });
  return { name, unit, rounds, rows };
}

/** A folder as transformers.js wants it, with the peer's ONNX and the pack's tokenizer. */
function models() {
  const folder = mkdtempSync(join(tmpdir(), "headstart-models-"));
  const file = (name) => join(folder, "minilm", name);
  mkdirSync(file("onnx"), { recursive: true });
  symlinkSync(join(shared, "peers/minilm.onnx"), file("onnx/model.onnx"));
  symlinkSync(join(pkg, "backbones/all-minilm-l6-v2/tokenizer.json"), file("tokenizer.json"));
  writeFileSync(file("config.json"), JSON.stringify({ model_type: "bert", architectures: ["BertModel"] }));
  writeFileSync(file("tokenizer_config.json"), JSON.stringify({ tokenizer_class: "BertTokenizer", model_max_length: 256 }));
  return folder;
}

function table({ contests, firsts }) {
  const lines = chart(contests);
  for (const { name, unit, rounds, rows } of contests) {
    lines.push(`**${name}** (median of ${rounds}, in alternation)`, "");
    lines.push(`| | ms a ${unit} | min to max | ${unit}s a second | time, Headstart = 1 | first pass, ms a ${unit} |`, "|---|---|---|---|---|---|");
    for (const r of rows) {
      const f = (v) => v.toFixed(v < 100 ? 1 : 0);
      lines.push(`| ${r.label} | ${f(r.median)} | ${f(r.min)} to ${f(r.max)} | ${(1000 / r.median).toFixed(1)} | ${(r.median / rows[0].median).toFixed(2)} | ${f(r.first)} |`);
    }
    lines.push("");
  }
  lines.push(...firstsTable(firsts));
  return lines.join("\n");
}

/** The fastest peer of each contest: how many times as long it takes. */
function chart(contests) {
  const bars = contests.map(({ name, rows }) => {
    const peers = rows.filter(({ label }) => !label.startsWith("Headstart"));
    return { name, ratio: Math.min(...peers.map((row) => row.median)) / rows[0].median };
  });
  return [
    "Time of the fastest peer, Headstart = 1:",
    "",
    "```mermaid",
    "xychart-beta horizontal",
    `  x-axis [${bars.map(({ name }) => `"${name.replace(/ \(.*/, "")}"`).join(", ")}]`,
    `  y-axis "times as long" 0 --> ${Math.ceil(Math.max(...bars.map(({ ratio }) => ratio)))}`,
    `  bar [${bars.map(({ ratio }) => ratio.toFixed(2)).join(", ")}]`,
    "```",
    "",
  ];
}

/** A row a layer, and at the end what the layers of one kind come to. */
function profileTable(profiles) {
  const lines = [];
  for (const { name, parts: all } of profiles) {
    const peak = all.find((part) => part.name === "peak");
    const most = peak.products / peak.ms / 1e6;
    const parts = all.filter((part) => part !== peak);
    const total = parts.reduce((sum, part) => sum + part.ms, 0);
    lines.push(`**${name}**, ${total.toFixed(1)} ms; multiplying in registers and nothing else: ${most.toFixed(1)} billion a second`, "");
    lines.push("| layer | ms | share | million multiplications | billion a second | of the peak |", "|---|---|---|---|---|---|");
    const kinds = new Map();
    for (const part of parts) {
      lines.push(profileRow(part, total, most));
      const kind = part.name.match(/^_blocks\.\d+ (.*)/)?.[1];
      const { ms = 0, products = 0 } = kinds.get(kind) ?? {};
      if (kind) kinds.set(kind, { ms: ms + part.ms, products: products + part.products });
    }
    for (const [kind, sum] of kinds) lines.push(profileRow({ name: `all: ${kind}`, ...sum }, total, most));
    lines.push("");
  }
  return lines.join("\n");
}

function profileRow({ name, ms, products }, total, most) {
  const speed = products / ms / 1e6;
  const speeds = products ? `${speed.toFixed(1)} | ${((100 * speed) / most).toFixed(0)} %` : " | ";
  return `| ${name} | ${ms.toFixed(2)} | ${((100 * ms) / total).toFixed(0)} % | ${(products / 1e6).toFixed(1)} | ${speeds} |`;
}
