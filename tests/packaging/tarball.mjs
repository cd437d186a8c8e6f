// What is in the tarball, and what it weighs.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packs } from "../../scripts/paths.mjs";
import { packed } from "./app.mjs";

const MODULES = ["cpu", "relaxed", "learner", "learner_relaxed", "gpu"];
const BACKBONES = ["efficientnet-lite0", "all-minilm-l6-v2"];

test("the tarball holds what it must and nothing else", () => {
  const files = packed.files.map(({ path }) => path);
  const must = [
    "package.json", "README.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE",
    ...["index", "predict", "worker"].flatMap((name) => [`${name}.js`, `${name}.d.ts`]),
    ...MODULES.map((name) => `headstart_${name}_bg.wasm`),
    ...BACKBONES.flatMap((id) => [`backbones/${id}.js`, `backbones/${id}.d.ts`, ...readdirSync(join(packs, id)).map((name) => `backbones/${id}/${name}`)]),
  ];
  assert.deepEqual(must.filter((file) => !files.includes(file)), []);
  // What is left are the parts that index.js and predict.js share or load later.
  const others = files.filter((file) => !must.includes(file));
  assert.ok(others.every((file) => /^[a-z_.-]+\.js$/.test(file)), others.join());
});

test("its code is as small as it was", () => {
  const size = (pattern) => packed.files.filter(({ path }) => pattern.test(path)).reduce((sum, { size }) => sum + size, 0);
  const sizes = { js: size(/^[^/]+\.js$/), cpu: size(/headstart_(cpu|relaxed|learner|learner_relaxed)_bg/), gpu: size(/gpu_bg/), tarball: packed.bytes };
  console.log(`# bytes: ${JSON.stringify(sizes)}`);
  assert.ok(sizes.js < 400_000, "JavaScript");
  assert.ok(sizes.tarball < 45e6, "the tarball");
});
