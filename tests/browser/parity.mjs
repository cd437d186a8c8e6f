// A project goes from the page to the command and from the command to the page, and there it says what it said.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { shared, target } from "../../scripts/paths.mjs";
import { run } from "../../scripts/run.mjs";
import { inPage, needsShared, pictures } from "./chromium.mjs";

const MOST = 1e-4;

/** → what `headstart` says. Set-up has built it. */
const headstart = async (...args) => JSON.parse(await run(join(target, "debug/headstart"), [...args, "--json", "--quiet", "--device", "cpu"], { quiet: true }));

const words = { fruit: ["apple", "pear", "plum", "melon", "grape"], tool: ["hammer", "saw", "drill", "wrench", "plane"] };

/** Ten samples, and four that are asked about: as the page is given them, and as paths for the command. */
function given(task, folder) {
  if (task === "text") {
    const train = Object.entries(words).flatMap(([label, all]) => all.map((word) => ({ data: `I have a ${word} here`, label })));
    const asked = ["two pears and a fig", "a chisel", "The train was late.", "word ".repeat(400).trim()].map((data) => ({ data }));
    const table = (name, list) => {
      writeFileSync(join(folder, name), ["text,label", ...list.map(({ data, label = "" }) => `${data},${label}`), ""].join("\n"));
      return join(folder, name);
    };
    return { train, asked, trainPath: table("train.csv", train), askedPaths: [table("asked.csv", asked)] };
  }
  const path = (part, { label, name }) => join(shared, "data/clothing10", part, label, name);
  const train = pictures("clothing10", "train", { classes: ["hat", "shoes"], each: 5 });
  for (const picture of train) {
    mkdirSync(join(folder, "train", picture.label), { recursive: true });
    copyFileSync(path("train", picture), join(folder, "train", picture.label, picture.name));
  }
  const asked = pictures("clothing10", "test", { classes: ["hat", "shoes"], each: 2 });
  return { train, asked, trainPath: join(folder, "train"), askedPaths: asked.map((picture) => path("test", picture)) };
}

for (const task of ["image", "text"]) {
  test(`${task}: a project of the page says the same by the command, and one of the command on the page`, needsShared, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "headstart-parity-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { train, asked, trainPath, askedPaths } = given(task, folder);
    const native = join(folder, "native.headstart");
    await headstart("train", trainPath, "--out", native);
    const byCommand = (await headstart("predict", native, ...askedPaths)).predictions;

    const page = await inPage(async ({ task, train, asked, file }) => {
      const given = (list) => (task === "text" ? list : fetched(list));
      const items = (await given(asked)).map(({ data }) => data);
      const opened = await openProject(Uint8Array.fromBase64(file), { device: "cpu", workers: 1 });
      const samples = await opened.samples();
      const found = {
        task: opened.task, model: opened.model, labels: samples.map(({ label }) => label),
        kept: (await opened.data(samples.map(({ id }) => id))).filter((one) => one !== null).length,
        predictions: await opened.predict(items),
      };
      await opened.close();
      // One of the page's own, with another head.
      const learner = await createLearner({ task, device: "cpu", workers: 1 });
      await learner.add(await given(train));
      await trained(learner, { head: "prototype" });
      found.own = await learner.predict(items);
      found.file = new Uint8Array(await (await learner.export("project")).arrayBuffer()).toBase64();
      await learner.close();
      return found;
    }, { task, train, asked, file: readFileSync(native).toString("base64") });
    same(page.predictions, byCommand);
    assert.deepEqual([page.task, page.labels.length, page.kept, page.model.stale, page.model.tuned], [task, 10, 10, false, false]);
    assert.deepEqual([...new Set(page.labels)].sort(), [...new Set(train.map(({ label }) => label))].sort());

    const own = join(folder, "page.headstart");
    writeFileSync(own, Buffer.from(page.file, "base64"));
    same((await headstart("predict", own, ...askedPaths)).predictions, page.own);
  });
}

function same(predictions, wanted) {
  assert.equal(predictions.length, wanted.length);
  predictions.forEach((prediction, i) => {
    const { label, scores, confidence, novelty, nearest } = wanted[i];
    assert.deepEqual([prediction.label, prediction.nearest, Object.keys(prediction.scores).sort()], [label, nearest, Object.keys(scores).sort()]);
    const off = [prediction.confidence - confidence, prediction.novelty - novelty, ...Object.keys(scores).map((name) => prediction.scores[name] - scores[name])];
    assert.ok(off.every((by) => Math.abs(by) <= MOST), `sample ${i} is off by ${off}`);
  });
}
