// Headstart and its peers: one Chromium, the same network and input, in alternation. Medians and ratios go to
// benches/results/bench.json and BENCHMARKS.md. `npm run bench -- page` measures the page alone.
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as engines from "../benches/engines.mjs";
import { firstMinute, mainThread, pageTable, scrolling } from "../benches/page.mjs";
import { machine, record } from "../benches/record.mjs";
import { serve } from "../tests/browser/server.mjs";
import { build } from "./build.mjs";
import { args, executable, softwareGpu } from "./chromium.mjs";
import { dist, pkg, root, shared } from "./paths.mjs";
import { Stop, main, run, step } from "./run.mjs";
import { setup } from "./setup.mjs";

const cores = cpus().length;
const cpu = { warmUp: 8, rounds: 12 };
// SwiftShader takes seconds a picture: enough for a ratio.
const software = { warmUp: 1, rounds: 3 };

/** Engines that are compared with each other: the first is ours. */
const contests = [
  ...[1, 8].map((batch) => ({
    name: `CPU, one thread, batch ${batch}`,
    batch,
    ...cpu,
    entries: [
      ["Headstart", "headstart", { gpu: false, batch }],
      ["tfjs-backend-wasm 4.22 (XNNPACK)", "tfjs", { backend: "wasm", threads: 1, batch }],
      ["onnxruntime-web 1.30 wasm", "onnxruntime", { provider: "wasm", threads: 1, batch }],
    ],
  })),
  {
    name: `CPU, all ${cores} cores, 16 pictures`,
    batch: 16,
    ...cpu,
    entries: [
      [`Headstart, ${cores} workers`, "headstartPool", { workers: cores, batch: 16 }],
      [`tfjs-backend-wasm, ${cores} threads`, "tfjs", { backend: "wasm", threads: cores, batch: 16 }],
      [`onnxruntime-web wasm, ${cores} threads`, "onnxruntime", { provider: "wasm", threads: cores, batch: 16 }],
    ],
  },
  {
    name: "WebGPU on SwiftShader, batch 1",
    batch: 1,
    ...software,
    entries: [
      ["Headstart", "headstart", { gpu: true, batch: 1 }],
      ["onnxruntime-web 1.30 webgpu", "onnxruntime", { provider: "webgpu", threads: 1, batch: 1 }],
    ],
  },
];

/** The same with sentences: real ones, as they come. */
function textContests(sentences, ids) {
  const few = ids.slice(0, 4);
  const text = { unit: "sentence" };
  return [
    {
      ...text,
      name: `Text, CPU, one thread, ${ids.length} sentences`,
      batch: ids.length,
      warmUp: 2,
      rounds: 8,
      entries: [
        ["Headstart, buckets of like length", "headstartText", { gpu: false, ids }],
        ["onnxruntime-web 1.30 wasm, one at a time, no padding", "onnxruntimeText", { provider: "wasm", threads: 1, batch: 1, ids }],
        ["onnxruntime-web 1.30 wasm, 8 of like length, padded", "onnxruntimeText", { provider: "wasm", threads: 1, batch: 8, ids }],
      ],
    },
    {
      ...text,
      name: `Text, CPU, all ${cores} cores, ${ids.length} sentences`,
      batch: ids.length,
      warmUp: 2,
      rounds: 8,
      entries: [
        [`Headstart's face, ${cores} workers, tokens included`, "headstartTextPool", { workers: cores, sentences }],
        [`onnxruntime-web wasm, ${cores} threads, one at a time`, "onnxruntimeText", { provider: "wasm", threads: cores, batch: 1, ids }],
        [`onnxruntime-web wasm, ${cores} threads, 8 padded`, "onnxruntimeText", { provider: "wasm", threads: cores, batch: 8, ids }],
      ],
    },
    {
      ...text,
      name: "Text, WebGPU on SwiftShader, 4 sentences",
      batch: few.length,
      ...software,
      entries: [
        ["Headstart", "headstartText", { gpu: true, ids: few }],
        ["onnxruntime-web 1.30 webgpu, one at a time", "onnxruntimeText", { provider: "webgpu", threads: 1, batch: 1, ids: few }],
        ["onnxruntime-web 1.30 webgpu, 4 padded", "onnxruntimeText", { provider: "webgpu", threads: 1, batch: 4, ids: few }],
      ],
    },
  ];
}

/** Test sentences of banking77 and of sentiment_imdb, by turns: questions of a dozen words, and longer ones. */
async function realSentences(browser, origin) {
  const { default: Papa } = await import("papaparse");
  const column = (set) => Papa.parse(readFileSync(join(shared, "data", set, "test.csv"), "utf8"), { header: true }).data.map((row) => row.text);
  const [questions, reviews] = [column("banking77"), column("sentiment_imdb")];
  const sentences = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? questions[31 * i] : reviews[5 * i]));
  const page = await browser.newPage();
  await page.goto(origin);
  const ids = await page.evaluate(engines.tokens, sentences);
  await page.close();
  return { sentences, ids };
}

await main(async () => {
  await setup({ browser: true });
  await build();
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: executable, args: [...args, ...softwareGpu] });
  try {
    const where = await machine(browser);
    const results = { machine: where, page: await page(browser) };
    record("page", results, pageTable(results.page));
    if (!process.argv.includes("page")) await peers(browser, where);
  } finally {
    await browser.close();
  }
});

async function peers(browser, where) {
  if (!existsSync(join(shared, "peers/lite0.onnx"))) throw new Stop("../shared/peers/lite0.onnx is not here: nothing to compare with");
  await step("peers", () => run("npm", ["ci", "--ignore-scripts", "--no-progress", "--prefix", join(root, "benches")]));
  const server = await serve(
    { pkg, modules: join(root, "benches/node_modules"), peers: join(shared, "peers") },
    // The peers need these for their threads. We do not.
    { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } },
  );
  const results = { machine: where, sizes: sizes(), contests: [] };
  const { sentences, ids } = await realSentences(browser, server.origin);
  for (const contest of [...contests, ...textContests(sentences, ids)]) {
    await step(contest.name, async () => results.contests.push(await hold(contest, browser, server.origin)));
  }
  await server.close();
  record("bench", results, table(results));
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

async function hold({ name, batch, unit = "picture", warmUp, rounds, entries }, browser, origin) {
  const seats = [];
  for (const [label, engine, options] of entries) {
    const page = await browser.newPage();
    await page.goto(origin);
    await page.evaluate(engines[engine], options);
    const pass = () =>
      page.evaluate(async () => {
        const start = performance.now();
        await globalThis.pass();
        return performance.now() - start;
      });
    const first = await pass();
    for (let i = 1; i < warmUp; i++) await pass();
    seats.push({ label, page, pass, first, times: [] });
  }
  for (let i = 0; i < rounds; i++) for (const seat of seats) seat.times.push(await seat.pass());
  for (const seat of seats) await seat.page.close();
  const each = (ms) => ms / batch;
  const rows = seats.map(({ label, first, times }) => {
    const sorted = [...times].sort((a, b) => a - b).map(each);
    return { label, first: each(first), median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
  });
  return { name, unit, rounds, rows };
}

function sizes() {
  return ["headstart_cpu_bg.wasm", "headstart_gpu_bg.wasm", "index.js", "worker.js", "backbones/efficientnet-lite0/model.safetensors", "backbones/all-minilm-l6-v2/model.safetensors"].map((name) => {
    const bytes = readFileSync(join(pkg, name));
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: 11 } });
    return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli.length };
  });
}

function table({ sizes, contests }) {
  const lines = [];
  for (const { name, unit, rounds, rows } of contests) {
    lines.push(`**${name}** (median of ${rounds}, in alternation)`, "");
    lines.push(`| | ms a ${unit} | min to max | ${unit}s a second | time, Headstart = 1 | first pass, ms a ${unit} |`, "|---|---|---|---|---|---|");
    for (const r of rows) {
      const f = (v) => v.toFixed(v < 100 ? 1 : 0);
      lines.push(`| ${r.label} | ${f(r.median)} | ${f(r.min)} to ${f(r.max)} | ${(1000 / r.median).toFixed(1)} | ${(r.median / rows[0].median).toFixed(2)} | ${f(r.first)} |`);
    }
    lines.push("");
  }
  lines.push("**Bytes**", "", "| file | raw | gzip -9 | brotli -11 |", "|---|---|---|---|");
  for (const s of sizes) lines.push(`| ${s.name} | ${s.raw.toLocaleString("en")} | ${s.gzip.toLocaleString("en")} | ${s.brotli.toLocaleString("en")} |`);
  return lines.join("\n");
}
