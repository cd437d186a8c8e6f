// What tools and compilers say of the package, and what its import does on a server.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { packaging } from "../../scripts/paths.mjs";
import { run } from "../../scripts/run.mjs";
import { app, packed } from "./app.mjs";

const tool = (name) => join(packaging, "node_modules/.bin", name);

test("publint finds nothing", async () => {
  const said = await run(tool("publint"), ["run", packed.tarball, "--strict"], { quiet: true });
  assert.match(said, /All good!/);
});

test("attw finds nothing", async () => {
  // Wasm and packs have no types: they are files to fetch.
  const files = packed.files.filter(({ path }) => /\.wasm$/.test(path)).map(({ path }) => path.replace("_bg.wasm", ".wasm"));
  await run(tool("attw"), [packed.tarball, "--profile", "esm-only", "--exclude-entrypoints", ...files, "package.json"], { quiet: true });
});

test("strict TypeScript takes the types, in an app for browsers and in one for Node", async () => {
  const home = await app("types", "types");
  for (const project of ["tsconfig.bundler.json", "tsconfig.node.json"]) await run(tool("tsc"), ["-p", project], { cwd: home, quiet: true });
  // A misspelt option is an error: the types are not `any`.
  await assert.rejects(run(tool("tsc"), ["-p", "tsconfig.wrong.json"], { cwd: home, quiet: true }), /deviec[\s\S]*rejekt/);
});

test("on a server an import does nothing, and says what a browser is needed for", async () => {
  const home = await app("server");
  const source = `
    const before = Object.keys(globalThis).join();
    globalThis.fetch = () => { throw new Error("fetched") };
    const all = await Promise.all(["headstart", "headstart/predict", "headstart/backbones/efficientnet-lite0"].map((name) => import(name)));
    if (Object.keys(globalThis).join() !== before) throw new Error("left something in globalThis");
    const error = await all[0].createLearner({ task: "image" }).catch((error) => error);
    console.log(JSON.stringify({ names: all.map(Object.keys), code: error.code, message: error.message }));`;
  const { names, code, message } = JSON.parse(await run(process.execPath, ["--input-type=module", "-e", source], { cwd: home, quiet: true }));
  assert.ok(["HeadstartError", "createLearner", "openProject"].every((name) => names[0].includes(name)), names[0].join());
  assert.deepEqual(names.slice(1), [["HeadstartError", "openExport"], ["default"]]);
  assert.equal(code, "worker-failed");
  assert.match(message, /headstart\/predict/);
});

test("files are found by name", async () => {
  const home = await app("names");
  const names = ["headstart_cpu.wasm", "headstart_gpu.wasm", "worker", "backbones/all-minilm-l6-v2/tokenizer.json", "backbones/efficientnet-lite0/model.safetensors"];
  const source = `
    import { statSync } from "node:fs";
    console.log(JSON.stringify(process.argv.slice(1).map((name) => statSync(new URL(import.meta.resolve("headstart/" + name))).size)));`;
  const sizes = JSON.parse(await run(process.execPath, ["--input-type=module", "-e", source, ...names], { cwd: home, quiet: true }));
  assert.ok(sizes.every((size) => size > 10_000), String(sizes));
});
