// The long accuracy proofs, through the face in Chromium. Resumable: a proof that has its result for this build of the
// package is not run again. `npm run prove -- banking77 memory` runs those with one of the words in their names; the others
// keep what they have, with the build it is from. Results go to benches/results/prove.json and BENCHMARKS.md.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { proofs } from "../benches/proofs.mjs";
import { machine, record, resultPath } from "../benches/record.mjs";
import { serve } from "../tests/browser/server.mjs";
import { build } from "./build.mjs";
import { args, executable, softwareGpu } from "./chromium.mjs";
import { pkg, root, shared } from "./paths.mjs";
import { Stop, main, step } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup({ browser: true });
  await build();
  if (!existsSync(join(shared, "data"))) throw new Stop("../shared/data is not here: nothing to prove on");
  const modules = ["cpu", "learner", "relaxed", "learner_relaxed"].map((build) => `headstart_${build}_bg.wasm`);
  const parts = [...modules, "index.js", "worker.js", "backbones/efficientnet-lite0/manifest.json", "backbones/all-minilm-l6-v2/manifest.json"].map((name) => join(pkg, name));
  const code = [...parts, ...["proofs", "judge", "tune", "memory"].map((name) => join(root, `benches/${name}.mjs`))].map((path) => readFileSync(path));
  const version = code.reduce((hash, bytes) => hash.update(bytes), createHash("sha256")).digest("hex").slice(0, 16);
  // Chromium measures a page's memory only where no other origin could be measured with it.
  const isolated = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = await serve({ pkg, data: join(shared, "data") }, { headers: isolated });
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: executable, args: [...args, ...softwareGpu] });
  const old = existsSync(resultPath("prove")) ? JSON.parse(readFileSync(resultPath("prove"), "utf8")) : {};
  const words = process.argv.slice(2);
  // In the order of the list, without those that are no longer in it.
  const done = Object.fromEntries(proofs.flatMap(({ name }) => (old.proofs?.[name] ? [[name, old.proofs[name]]] : [])));
  const results = { machine: await machine(browser), proofs: done };
  for (const { name, goal, reference, run } of proofs) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    await step(name, async () => {
      if (done[name]?.met && done[name].build === version) return "there already";
      const page = await browser.newPage();
      await page.goto(server.origin);
      const start = Date.now();
      const { value, detail, met } = await run(page);
      done[name] = { build: version, value, detail, goal, reference, met, seconds: Math.round((Date.now() - start) / 1000) };
      record("prove", results, table(done));
      await page.close();
    });
  }
  await browser.close();
  await server.close();
  record("prove", results, table(done));
  const failed = Object.entries(done).filter(([, p]) => !p.met).map(([name]) => name);
  if (failed.length > 0) throw new Stop(`not met: ${failed.join("; ")}`);
});

function table(done) {
  const lines = ["| proof | measured | goal | reference (scikit-learn, PyTorch features) | s | build |", "|---|---|---|---|---|---|"];
  for (const [name, p] of Object.entries(done)) {
    lines.push(`| ${name} | ${p.met ? "" : "**not met:** "}${p.value}${p.detail ? ` (${p.detail})` : ""} | ${p.goal} | ${p.reference} | ${p.seconds} | ${p.build.slice(0, 7)} |`);
  }
  return lines.join("\n");
}
