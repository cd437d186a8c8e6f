// From opening a page that has loaded nothing to its first answer.
import { cpus } from "node:os";
import * as engines from "./engines.mjs";

/** Ours is the first of each group. */
export const FIRSTS = [
  [
    { label: "Headstart, first picture", open: (page) => page.evaluate(engines.headstartFirstPicture) },
    { label: "onnxruntime-web 1.30 wasm, the same network, first picture", open: (page) => page.evaluate(engines.onnxruntimeFirstPicture) },
    { label: "tfjs-backend-wasm 4.22, the same network, weights made up and not downloaded", open: tfjsFirstPicture },
  ],
  [
    { label: "Headstart, first text", open: (page) => page.evaluate(engines.headstartFirstText) },
    { label: "transformers.js 4.3, the same ONNX, first text", open: (page) => page.evaluate(engines.transformersFirstText) },
  ],
];

async function tfjsFirstPicture(page) {
  await page.evaluate(engines.loadTfjs, { backend: "wasm", threads: cpus().length });
  await page.evaluate(engines.tfjs, { batch: 1 });
  return page.evaluate(async () => {
    await globalThis.pass();
    return performance.now();
  });
}

/** Milliseconds; cold, and with everything in the browser's cache. */
export async function firsts(browser, origin) {
  const rows = [];
  for (const group of FIRSTS) {
    let ours;
    for (const { label, open } of group) {
      const context = await browser.newContext();
      const times = [];
      for (let visit = 0; visit < 6; visit++) {
        const page = await context.newPage();
        await page.goto(origin);
        times.push(await open(page));
        await page.close();
      }
      await context.close();
      const [cold, ...warm] = times;
      warm.sort((a, b) => a - b);
      const row = { label, cold, warm: warm[warm.length >> 1], min: warm[0], max: warm.at(-1) };
      ours ??= row;
      rows.push({ ...row, ratios: { cold: row.cold / ours.cold, warm: row.warm / ours.warm } });
    }
  }
  return rows;
}

export function firstsTable(rows) {
  const lines = ["**From opening an empty page to the first answer**, ms; warm = everything in the browser's cache, median of 5", ""];
  lines.push("| | cold | warm | min to max | cold, Headstart = 1 | warm, Headstart = 1 |", "|---|---|---|---|---|---|");
  for (const { label, cold, warm, min, max, ratios } of rows) {
    lines.push(`| ${label} | ${cold.toFixed(0)} | ${warm.toFixed(0)} | ${min.toFixed(0)} to ${max.toFixed(0)} | ${ratios.cold.toFixed(2)} | ${ratios.warm.toFixed(2)} |`);
  }
  return lines;
}
