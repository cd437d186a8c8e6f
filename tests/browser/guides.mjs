// The guides' code, as it stands there: typed by the package's own types, and run on real data.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packs, root, shared } from "../../scripts/paths.mjs";
import { python } from "../../scripts/python.mjs";
import { run } from "../../scripts/run.mjs";
import { inPage, needsShared, pictures, withPage } from "./chromium.mjs";
import { helpers } from "./helpers.mjs";
import { output, saved } from "./visit.mjs";

const guides = join(root, "docs/guides");
const blocks = (name, language) =>
  [...readFileSync(join(guides, `${name}.md`), "utf8").matchAll(new RegExp(`^\`\`\`${language}(.*)\\n([^]*?)^\`\`\``, "gm"))].map(([, file, code]) => ({ file: file.trim(), code }));
/** The blocks of a guide that belong together, as one module. */
const moduleOf = (name) => blocks(name, "js").filter(({ file }) => file === "").map(({ code }) => code).join("\n");

/** Runs `work(guide, given)` in a page, where `guide` is what the guide's module exports. */
async function withGuide(name, work, given, then = () => {}) {
  const source = moduleOf(name)
    .replaceAll('"headstart"', '"/pkg/index.js"')
    .replaceAll('"headstart/predict"', '"/pkg/predict.js"')
    .replace(/"headstart\/backbones\/([\w-]+)"/g, '"/pkg/backbones/$1.js"');
  return withPage(async (page) => {
    await page.evaluate((source) => {
      const absolute = source.replaceAll('from "/pkg', `from "${location.origin}/pkg`);
      globalThis.guide = import(URL.createObjectURL(new Blob([absolute], { type: "text/javascript" })));
      globalThis.blobs = (list) => Promise.all(list.map(async ({ url, label, name }) => ({ data: await (await fetch(url)).blob(), label, name })));
    }, source);
    const result = await page.evaluate(`(async (given) => (${work})(await globalThis.guide, given))(${JSON.stringify(given)})`);
    await then(page);
    assert.deepEqual(page.complaints, []);
    return result;
  });
}

test("the guides' code is right by the package's types", async () => {
  const folder = join(output, "guides");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(guides).map((file) => file.replace(/\.md$/, ""));
  // A guide's functions do not say of what type their `learner` is.
  const typed = (name) => moduleOf(name).replace(/(async function \w+\()learner\b/g, "$1/** @type {import('headstart').Learner} */ learner");
  for (const name of names) writeFileSync(join(folder, `${name}.js`), typed(name));
  const types = Object.fromEntries(["", "/predict"].map((entry) => [`headstart${entry}`, [join(root, "pkg", `${entry.slice(1) || "index"}.d.ts`)]]));
  writeFileSync(join(folder, "backbone.d.ts"), 'declare module "headstart/backbones/*" { const pack: import("headstart").BackbonePack; export default pack; }\n');
  const compilerOptions = {
    target: "es2022", module: "esnext", moduleResolution: "bundler", lib: ["es2024", "esnext.disposable", "dom", "dom.iterable", "dom.asynciterable"],
    allowJs: true, checkJs: true, strict: true, noImplicitAny: false, strictNullChecks: false, noEmit: true, types: [], paths: types,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.js", "*.d.ts"] }));
  await run(join(root, "node_modules/.bin/tsc"), ["-p", folder], { quiet: true });
  // A name that is not there is an error.
  writeFileSync(join(folder, "embed.js"), typed("embed").replace("learner.add(", "learner.adds("));
  await assert.rejects(run(join(root, "node_modules/.bin/tsc"), ["-p", folder], { quiet: true }), /adds/);
});

test("guide: into your app; a stop, a number, a model handed over", needsShared, async () => {
  const given = { train: pictures("clothing10", "train", { classes: ["hat", "shoes"], each: 12 }), test: pictures("clothing10", "test", { classes: ["shoes"], each: 3 }) };
  const said = await withGuide("embed", async ({ addWithStop, howGood, handOver }, { train, test }) => {
    const { createLearner } = await import("/pkg/index.js");
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    const [stop, bar] = [document.createElement("button"), document.createElement("progress")];
    const { added } = await addWithStop(learner, await blobs(train), stop, bar);
    const stopped = addWithStop(learner, await blobs(test), stop, bar);
    stop.click();
    const nothing = await stopped;
    for await (const _ of learner.train());
    const answers = await handOver(learner, (await blobs(test)).map(({ data }) => data));
    return { added: added.length, nothing, good: await howGood(learner), labels: answers.map(({ label }) => label), bar: bar.value };
  }, given);
  assert.equal(said.added, 24);
  assert.equal(said.nothing, null);
  assert.match(said.good, /right \(\d+-fold .*24 samples.*\); worst: (hat|shoes)$/);
  assert.ok(said.labels.filter((label) => label === "shoes").length >= 2, said.labels.join());
});

test("guide: private pictures; one patient is on one side, and a project goes from machine to machine", needsShared, async () => {
  const given = { train: pictures("clothing10", "train", { classes: ["pants", "shirt"], each: 24 }), test: pictures("clothing10", "test", { classes: ["pants", "shirt", "hat"], each: 4 }) };
  const said = await withGuide("private-pictures", async (guide, { train, test }) => {
    // Four pictures of each patient, in folders.
    const inFolders = async (list) =>
      (await blobs(list)).map(({ data, label, name }, i) => Object.defineProperty(new File([data], name), "webkitRelativePath", { value: `study/${label}/patient-${i >> 2}/${name}` }));
    const learner = await guide.open("study");
    const samples = guide.samplesOf(await inFolders(train), "north");
    const heard = [];
    const { duplicates, rejected } = await guide.learn(learner, [...samples, samples[0], { data: new Blob(["no picture"]), name: "x.dcm" }], (event) => heard.push(event.stage));
    const judged = await guide.judge(learner);
    const away = await guide.elsewhere(learner, guide.samplesOf(await inFolders(test.filter(({ label }) => label !== "hat")), "south"));
    const pictures = (await blobs(test)).map(({ data }) => data);
    const answers = await guide.read(learner, pictures);
    const files = await guide.carry(learner);
    await guide.forget(learner, "study");
    const { listProjects } = await import("/pkg/index.js");
    const left = (await listProjects()).length;
    const other = await guide.take(files.whole, "study, copied");
    const again = await guide.read(other, pictures);
    const groups = [...new Set((await other.samples()).map(({ group }) => group))];
    return { duplicates, rejected, judged, away, answers, again, left, groups, heard: heard.length, sizes: [files.whole.size, files.without.size] };
  }, given);
  assert.deepEqual([said.duplicates.length, said.rejected.map(({ name }) => name)], [1, ["x.dcm"]]);
  assert.match(said.judged.how, /48 samples in 12 groups that are never split/);
  assert.equal(said.groups.length, 12);
  assert.ok(said.judged.accuracy.value > 0.75 && said.judged.missed.length === 2, JSON.stringify(said.judged.accuracy));
  assert.ok(said.away.accuracy.value > 0.6, JSON.stringify(said.away.accuracy));
  assert.deepEqual(said.again, said.answers, "a project that was carried reads as before");
  assert.equal(said.left, 0, "what is forgotten is gone");
  assert.ok(said.heard > 0 && said.sizes[0] > said.sizes[1]);
});

test("guide: text triage; a threshold is chosen by what it costs, and what is strange goes to a person", needsShared, async () => {
  const lines = readFileSync(join(shared, "data/clinc75_a/train.csv"), "utf8").trim().split(/\r?\n/);
  const table = ["text,label", ...["timer", "recipe", "traffic", "credit_limit", "oil_change_how"].flatMap((intent) => lines.filter((line) => line.endsWith(`,${intent}`)).slice(0, 40))].join("\n");
  const said = await withGuide("text-triage", async ({ learn, curve, choose, triage, correct }, { table }) => {
    const { learner, held } = await learn(table, () => {});
    const points = await curve(learner, held);
    const threshold = choose(points, 0.95);
    const messages = ["start a timer for ten minutes", "how do I cook lentils", "who wrote this symphony"];
    const sorted = await triage(learner, messages, threshold);
    await correct(learner, "who wrote this symphony", "music");
    return { points, threshold, sorted, none: choose(points, 1.01), labels: learner.labels, stale: learner.model.stale, nearest: await learner.data(sorted[0].nearest.slice(0, 1)) };
  }, { table });
  assert.ok(said.threshold !== null && said.none === null, JSON.stringify(said.points));
  assert.ok(said.points.every((point, i) => i === 0 || point.coverage <= said.points[i - 1].coverage));
  assert.deepEqual(said.sorted.map(({ queue }) => queue), ["timer", "recipe", "a person"]);
  assert.match(said.nearest[0], /timer/);
  assert.ok(said.labels.includes("music") && !said.stale);
});

test("guide: on to Python; onnxruntime says what the learner says", needsShared, async () => {
  const folder = join(output, "python-guide");
  mkdirSync(folder, { recursive: true });
  const test = pictures("clothing10", "test", { classes: ["dress", "hat", "shoes"], each: 3 });
  const given = { train: pictures("clothing10", "train", { classes: ["dress", "hat"], each: 12 }), test };
  let onnx;
  const wanted = await withGuide("python", async ({ files }, { train, test }) => {
    const { createLearner } = await import("/pkg/index.js");
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    await learner.add(await blobs(train));
    for await (const _ of learner.train());
    globalThis.onnx = (await files(learner)).onnx;
    return learner.predict((await blobs(test)).map(({ data }) => data), { reject: 0.05 });
  }, given, async (page) => {
    const click = () => Object.assign(document.createElement("a"), { href: URL.createObjectURL(globalThis.onnx), download: "model.onnx" }).click();
    onnx = await saved(page, () => page.evaluate(click));
  });
  writeFileSync(join(folder, "model.onnx"), onnx);
  writeFileSync(join(folder, "predict.py"), blocks("python", "python")[0].code);
  const paths = test.map(({ label, name }) => join(shared, "data/clothing10/test", label, name));
  const printed = await run(python, ["predict.py", ...paths], { cwd: folder, quiet: true });
  const lines = printed.trim().split("\n").map((line) => line.split("\t"));
  assert.equal(lines.length, wanted.length);
  lines.forEach(([path, label, score, novelty], i) => {
    assert.equal(path, paths[i]);
    assert.equal(label, wanted[i].label ?? "none of these");
    // Another decoder and another resizing, by a rounding.
    assert.ok(Math.abs(Number(novelty) - wanted[i].novelty) < 5e-3 && Math.abs(Number(score) - Math.max(...Object.values(wanted[i].scores))) < 2e-2, `${lines[i]} and ${JSON.stringify(wanted[i])}`);
  });
  assert.ok(wanted.some(({ label }) => label === null) && wanted.some(({ label }) => label === "hat"));
});

test("the project file's document: Python reads the samples, and says of them what the model says", async () => {
  const folder = join(output, "project-format");
  mkdirSync(folder, { recursive: true });
  const { file, samples, said, sizes } = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    const given = await painted(4);
    await learner.add(given);
    await trained(learner);
    const file = new Uint8Array(await (await learner.export("project")).arrayBuffer()).toBase64();
    const said = (await learner.predict(given.map(({ data }) => data))).map(({ label }) => label);
    return { file, samples: await learner.samples(), said, sizes: given.map(({ data }) => data.size) };
  });
  writeFileSync(join(folder, "garments.headstart"), Buffer.from(file, "base64"));
  writeFileSync(join(folder, "read.py"), blocks("../project-format", "python")[0].code);
  const lines = (await run(python, ["read.py"], { cwd: folder, quiet: true })).trim().split("\n");
  assert.equal(lines.length, 2 * samples.length + 1, lines.join("\n"));
  samples.forEach(({ id, label }, i) => assert.ok(lines[i].startsWith(`${id} ${label} [`), lines[i]));
  sizes.forEach((size, i) => assert.ok(lines[samples.length + i].endsWith(` image/png ${size}`), lines[samples.length + i]));
  const [, outputs, names] = /^\[([\d ]+)\] \[(.*)\]$/.exec(lines.at(-1));
  const classes = names.split(", ").map((name) => name.slice(1, -1));
  assert.deepEqual(outputs.split(" ").map((output) => classes[output]), said);
});

test("the packs' document: a pack that Python made from another opens, and is another", async () => {
  const folder = join(output, "packs");
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(packs, "efficientnet-lite0"), join(folder, "out/efficientnet-lite0"), { recursive: true });
  const mine = `from safetensors.numpy import load_file
name, values = next((n, v) for n, v in sorted(load_file("out/efficientnet-lite0/model.safetensors").items()) if v.ndim > 1)
my_tensors = {name: values * 1.1}
`;
  writeFileSync(join(folder, "make.py"), mine + blocks("../packs", "python")[0].code);
  await run(python, ["make.py"], { cwd: folder, quiet: true });
  const opened = await withPage(async (page) => {
    await page.evaluate(helpers);
    await page.evaluate(() => document.body.append(Object.assign(document.createElement("input"), { type: "file", multiple: true })));
    await page.setInputFiles("input", ["manifest.json", "model.safetensors"].map((name) => join(folder, "mine", name)));
    return page.evaluate(async () => {
      const backbone = Object.fromEntries([...document.querySelector("input").files].map((file) => [file.name, file]));
      const rows = async (options) => {
        const learner = await createLearner({ task: "image", device: "cpu", workers: 1, ...options });
        const { data } = await learner.embed([await paint([200, 30, 30], 1)]);
        await learner.close();
        return { id: learner.backbone.id, data };
      };
      const [mine, ours] = [await rows({ backbone }), await rows({})];
      return { id: mine.id, cosine: cosine(mine.data, ours.data) };
    });
  });
  assert.equal(opened.id, "mine");
  assert.ok(opened.cosine > 0.5 && opened.cosine < 1 - 1e-6, String(opened.cosine));
});
