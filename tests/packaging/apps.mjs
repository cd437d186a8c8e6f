// Apps, built as their makers would and run in Chromium: each learns from a few pictures and says what others are.
import assert from "node:assert/strict";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packaging, root } from "../../scripts/paths.mjs";
import { withPage } from "../browser/chromium.mjs";
import { serve } from "../browser/server.mjs";
import { app, picturesOf, withPictures } from "./app.mjs";
import { read, served, vite, viteBuilt } from "./browser.mjs";

/** What the page needs, and nothing more; on every answer, so that workers are held to it too. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const resolve = createRequire(join(packaging, "package.json")).resolve;
/** A bundler, from where set-up installed it. */
const load = async (name) => {
  const module = await import(pathToFileURL(resolve(name)).href);
  return module.default ?? module;
};

test("a page without a bundler, under a strict policy", async () => {
  const home = withPictures(await app("plain", "shared", "plain"));
  await works(home, { headers: { "content-security-policy": POLICY } });
});

test("a page that imports the package from another origin, as from a CDN", async () => {
  const home = await app("cdn", "shared", "plain");
  const cdn = await serve({ headstart: join(home, "node_modules/headstart") }, { headers: { "access-control-allow-origin": "*" } });
  const page = withPictures(join(home, "page"));
  for (const file of ["index.html", "scenario.js"]) cpSync(join(home, file), join(page, file));
  const main = readFileSync(join(home, "main.js"), "utf8").replace("./node_modules/headstart/", `${cdn.origin}/headstart/`);
  writeFileSync(join(page, "main.js"), main);
  await works(page, {}, { strangers: "expected" });
  await cdn.close();
});

test("Vite's development server", async () => {
  const { createServer } = await vite();
  const home = await app("vite-dev", "shared", "vite");
  withPictures(join(home, "public"));
  const server = await createServer({ root: home, logLevel: "error", server: { port: 0, host: "127.0.0.1", hmr: false } });
  await server.listen();
  try {
    await learns(`http://127.0.0.1:${server.httpServer.address().port}`);
  } finally {
    await server.close();
  }
});

test("Vite", async () => {
  const out = await viteBuilt(await app("vite", "shared", "vite"));
  onlyPictures(out);
  await works(out, { headers: { "content-security-policy": POLICY } });
});

test("React, in strict mode, with Vite and workers of its own making", async () => {
  await works(await viteBuilt(await app("react", "shared", "react")));
});

test("webpack", async () => {
  const webpack = await load("webpack");
  const home = await app("webpack", "shared", "webpack");
  const out = withPictures(join(home, "dist"));
  const compiler = webpack({ mode: "production", context: home, entry: "./main.js", output: { path: out } });
  const stats = await new Promise((done, fail) => compiler.run((error, stats) => (error ? fail(error) : done(stats))));
  await new Promise((done) => compiler.close(done));
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
  cpSync(join(home, "index.html"), join(out, "index.html"));
  onlyPictures(out);
  await works(out, { headers: { "content-security-policy": POLICY } });
});

test("Rollup, with the package's files copied", async () => {
  const [{ rollup }, nodeResolve] = [await load("rollup"), await load("@rollup/plugin-node-resolve")];
  const home = await app("rollup", "shared", "rollup");
  const bundle = await rollup({ input: join(home, "main.js"), plugins: [nodeResolve()] });
  await bundle.write({ dir: join(home, "dist"), format: "es" });
  await bundle.close();
  await works(withFiles(home));
});

test("esbuild, with the package's files copied", async () => {
  const esbuild = await load("esbuild");
  const home = await app("esbuild", "shared", "esbuild");
  const { warnings } = await esbuild.build({ absWorkingDir: home, entryPoints: ["main.js"], bundle: true, format: "esm", outdir: "dist", minify: true, logLevel: "silent" });
  assert.deepEqual(warnings, []);
  await works(withFiles(home));
});

test("the README's example, as it stands there", async () => {
  await served(await viteBuilt(await appOf("README.md")), {}, (origin) =>
    withPage(
      async (page) => {
        const [[one, oneTest], [other]] = ["cat", "dog"].map((_, i) => halves(i));
        await page.setInputFiles("#cats", one);
        await page.setInputFiles("#dogs", other);
        await page.click("#learn");
        await page.waitForFunction(() => !document.querySelector("#picture").disabled, undefined, { timeout: 60_000 });
        await page.setInputFiles("#picture", oneTest[0]);
        await page.waitForFunction(() => /%/.test(document.querySelector("#answer").textContent), undefined, { timeout: 30_000 });
        assert.match(await page.textContent("#answer"), /^cat \(\d+ %\)$/);
        assert.deepEqual(page.complaints, []);
      },
      { origin },
    ),
  );
});

test("the guide's app, as it stands there, which knows after a reload what it has learnt", async () => {
  await served(await viteBuilt(await appOf("docs/guides/embed.md")), {}, (origin) =>
    withPage(
      async (page) => {
        const [[good, goodTest], [bad, badTest]] = [halves(0), halves(1)];
        const says = (pattern) => page.getByRole("status").filter({ hasText: pattern }).waitFor();
        await page.getByLabel("Good parts").setInputFiles(good);
        await says(/^4 added\./);
        assert.ok(await page.getByLabel("Check a part").isDisabled());
        await page.getByLabel("Bad parts").setInputFiles(bad);
        await says("Ready.");
        await page.getByLabel("Check a part").setInputFiles(badTest[0]);
        await says(/^bad \(\d+ %\)$/);
        await page.reload();
        await page.waitForFunction(() => !document.querySelector("#check").disabled);
        await page.getByLabel("Check a part").setInputFiles(goodTest[0]);
        await says(/^good \(\d+ %\)$/);
        assert.deepEqual(page.complaints, []);
      },
      { origin },
    ),
  );
});

/** An app of the files that a document spells out. */
async function appOf(document) {
  const home = await app(document.replace(/\W+/g, "-").toLowerCase());
  const text = readFileSync(join(root, document), "utf8");
  for (const [, name, code] of text.matchAll(/```(?:html|js) (index\.html|main\.js)\n([\s\S]*?)```/g)) writeFileSync(join(home, name), code);
  return home;
}

/** Pictures of one class to learn from, and others. */
function halves(i) {
  const all = [picturesOf("hat"), picturesOf("pants"), picturesOf("fish"), picturesOf("house")].filter((of) => of.length > 0)[i];
  return [all.slice(0, 4), all.slice(4)];
}

/** An app for pictures carries their backbone, and not the one for texts. */
function onlyPictures(out) {
  const files = readdirSync(out, { recursive: true }).map(String);
  assert.equal(files.filter((file) => /\.safetensors$/.test(file)).length, 1, files.join());
  assert.ok(!files.some((file) => /tokenizer/.test(file)), files.join());
  assert.equal(files.filter((file) => /\.wasm$/.test(file)).length, 5, "each module once");
}

/** What the README tells users of Rollup and esbuild to do. */
function withFiles(home) {
  const [from, to] = [join(home, "node_modules/headstart"), join(home, "dist/headstart")];
  for (const file of readdirSync(from).filter((name) => /^worker\.js$|\.wasm$/.test(name))) cpSync(join(from, file), join(to, file));
  cpSync(join(from, "backbones/efficientnet-lite0"), join(to, "backbones/efficientnet-lite0"), { recursive: true });
  cpSync(join(home, "index.html"), join(home, "dist/index.html"));
  return withPictures(join(home, "dist"));
}

/** `options`: of the server; `page`: of the page. */
function works(folder, options = {}, page = {}) {
  return served(folder, options, (origin) => learns(origin, page));
}

async function learns(origin, page) {
  assert.deepEqual(await read(origin, page), { added: 8, head: "linear", backbone: "efficientnet-lite0", right: [true, true, true, true] });
}
