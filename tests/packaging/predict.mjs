// An export of a learner, opened by the package's small entry: in Node, and in an app that ships nothing else.
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../scripts/run.mjs";
import { app, withPictures } from "./app.mjs";
import { learnt, read, served, viteBuilt } from "./browser.mjs";

const { file, predictions } = await learnt(await app("source", "shared", "plain"));
const home = withPictures(await app("predict", "shared", "predict"));
writeFileSync(join(home, "model.safetensors"), file);

test("headstart/predict in Node says what the learner said", async () => {
  same(JSON.parse(await run(process.execPath, ["node.js"], { cwd: home, quiet: true })));
});

test("headstart/predict in a page of its own says what the learner said", async () => {
  const out = await viteBuilt(home);
  writeFileSync(join(out, "model.safetensors"), file);
  const wasm = readdirSync(out, { recursive: true }).filter((name) => String(name).endsWith(".wasm"));
  assert.equal(wasm.length, 2, `only the CPU module, in its two builds: ${wasm}`);
  same(await served(out, {}, read));
});

function same({ info, verified, predictions: here, error }) {
  assert.equal(error, undefined);
  assert.equal(info.task, "image");
  assert.equal(info.backbone.id, "efficientnet-lite0");
  assert.ok(verified.ok && verified.vectors >= 16, JSON.stringify(verified));
  assert.equal(here.length, predictions.length);
  here.forEach((prediction, i) => {
    const want = predictions[i];
    assert.deepEqual([prediction.label, prediction.rejected], [want.label, want.rejected]);
    for (const [label, score] of Object.entries(want.scores)) assert.ok(Math.abs(prediction.scores[label] - score) < 1e-4, `${prediction.scores[label]} for ${score}`);
    assert.ok(Math.abs(prediction.novelty - want.novelty) < 1e-4);
  });
}
