// Bytes: of what the package is made of, of its modules by crate, and of what a page of each peer downloads.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { pkg, target } from "../scripts/paths.mjs";
import { FIRSTS } from "./firsts.mjs";
import { bytesByCrate } from "./wasm.mjs";

const FILES = [
  ...["cpu", "learner", "relaxed", "learner_relaxed", "gpu"].map((build) => `headstart_${build}_bg.wasm`),
  "index.js",
  "worker.js",
  "predict.js",
  "backbones/efficientnet-lite0/model.safetensors",
  "backbones/all-minilm-l6-v2/model.safetensors",
  "backbones/all-minilm-l6-v2/tokenizer.json",
];
const TOP = 15;

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

export function ofFiles() {
  return FILES.map((name) => {
    const bytes = readFileSync(join(pkg, name));
    return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli(bytes) };
  });
}

/** Of the modules as cargo last linked them. A module that came out of the cache has no names: it is left out. */
export function byCrate() {
  return [["CPU", "release"], ["GPU", "gpu"]].flatMap(([name, folder]) => {
    const file = join(target, "wasm32-unknown-unknown", folder, "headstart.wasm");
    const crates = existsSync(file) && bytesByCrate(readFileSync(file));
    return crates ? [{ name, total: crates.reduce((sum, { bytes }) => sum + bytes, 0), crates: crates.slice(0, TOP) }] : [];
  });
}

/** What a page asks its server for until its first answer. `fileOf(path)`: where a file of it is on this disk. */
export async function downloads(browser, origin, fileOf) {
  const rows = [];
  for (const { label, open } of FIRSTS.flat()) {
    const context = await browser.newContext();
    const paths = new Set();
    context.on("requestfinished", (request) => paths.add(decodeURIComponent(new URL(request.url()).pathname)));
    const page = await context.newPage();
    await page.goto(origin);
    paths.clear();
    await open(page);
    await context.close();
    const row = { label, wasm: 0, js: 0, model: 0, code: 0 };
    for (const path of paths) {
      const file = fileOf(path);
      if (!existsSync(file)) continue;
      const bytes = readFileSync(file);
      const kind = path.endsWith(".wasm") ? "wasm" : /\.m?js$/.test(path) ? "js" : "model";
      row[kind] += bytes.length;
      // Weights hardly get smaller, and take minutes.
      if (kind !== "model") row.code += brotli(bytes);
    }
    rows.push(row);
  }
  return rows;
}

export function sizesTable({ sizes, crates, downloads }) {
  const bytes = (n) => n.toLocaleString("en");
  const lines = ["| file | raw | gzip -9 | brotli -11 |", "|---|---|---|---|"];
  for (const s of sizes) lines.push(`| ${s.name} | ${bytes(s.raw)} | ${bytes(s.gzip)} | ${bytes(s.brotli)} |`);
  if (downloads) {
    lines.push("", "What a page downloads until it has the features of its first picture or text:", "");
    lines.push("| | wasm | JavaScript | both, brotli -11 | weights and tokenizer |", "|---|---|---|---|---|");
    for (const d of downloads) lines.push(`| ${d.label} | ${bytes(d.wasm)} | ${bytes(d.js)} | ${bytes(d.code)} | ${d.model > 0 ? bytes(d.model) : ""} |`);
  }
  for (const { name, total, crates: top } of crates) {
    lines.push("", `**The ${name} module by crate**, as linked, before \`wasm-opt\`; ${bytes(total)} bytes of code and constants`, "");
    lines.push("| crate | bytes | share |", "|---|---|---|");
    for (const c of top) lines.push(`| ${c.crate} | ${bytes(c.bytes)} | ${((100 * c.bytes) / total).toFixed(1)} % |`);
  }
  return lines.join("\n");
}
