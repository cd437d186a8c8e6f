// A model that leaves: the same scores by headstart/predict, in a page and in Node, and by the page that opens from the disk.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { pkg } from "../../scripts/paths.mjs";
import { inPage, withPage } from "./chromium.mjs";
import { helpers } from "./helpers.mjs";
import { look, lookTwice, output, saved } from "./visit.mjs";

const MOST = 1e-4;
const { HeadstartError, openExport } = await import(pathToFileURL(join(pkg, "predict.js")).href);

for (const [task, tuned] of [["image", false], ["image", true], ["text", false], ["text", true]]) {
  const name = `${task}, ${tuned ? "fine-tuned" : "frozen"}`;
  test(`${name}: every export says what the learner says`, async () => {
    const { items, wanted, refused, inThePage, files, kept } = await withPage((page) => learnt(page, task, tuned));
    same(inThePage.predictions, wanted);
    assert.ok(inThePage.verified.ok && inThePage.verified.vectors === 16, JSON.stringify(inThePage.verified));
    assert.deepEqual([inThePage.info.task, inThePage.info.tuned, inThePage.info.kind], [task, kept, "classes"]);

    const model = await openExport(readFileSync(files.safetensors));
    same(await model.predict(items), wanted);
    same(await model.predict(items, { reject: 0.2 }), refused);
    const { ok, vectors, scores } = await model.verify();
    assert.ok(ok && vectors === 16 && scores <= MOST, String(scores));
    await model.close();

    await onExported(files.html, task, async (page) => {
      await page.locator("#proof", { hasText: "Checked: on 16 inputs" }).waitFor();
      for (const [i, item] of items.entries()) same([await asked(page, task, item)], [wanted[i]]);
      if (!tuned) await lookTwice(page, `export-${task}`);
    });
  });
}

/** Trains, and saves what it exports. */
async function learnt(page, task, fineTuned) {
  await page.evaluate(helpers);
  const found = await page.evaluate(
    async ({ task, fineTuned }) => {
      const { openExport } = await import("/pkg/predict.js");
      const words = { fruit: ["apple", "pear", "plum", "fig", "melon", "grape", "cherry", "lemon"], tool: ["hammer", "saw", "drill", "rasp", "vice", "file", "wrench", "plane"] };
      const sentences = Object.entries(words).flatMap(([label, all]) => all.map((word) => ({ data: `I have a ${word} here`, label })));
      const samples = task === "text" ? sentences : fineTuned ? dots(24) : await painted(8);
      const items = task === "text" ? ["I have a chisel here", "pears and apples", "word ".repeat(400)] : fineTuned ? [await dot(0, 901).convertToBlob(), await dot(1, 902).convertToBlob()] : [await paint([200, 30, 30], 99), await paint([90, 120, 60], 98)];
      const learner = await createLearner({ task, device: "cpu", workers: 2 });
      await learner.add(samples);
      if (fineTuned) await tuned(learner, { epochs: 10, folds: 2 });
      else await trained(learner);
      const wanted = await learner.predict(items);
      const refused = await learner.predict(items, { reject: 0.2 });
      const kept = learner.model.tuned;
      const moved = cosine((await learner.embed(items)).data, (await learner.embed(items, { stage: "frozen" })).data);
      globalThis.files = { safetensors: await learner.export("safetensors"), html: await learner.export("html") };
      await learner.close();
      const opened = await openExport(files.safetensors);
      const inThePage = { info: opened.info, predictions: await opened.predict(items), verified: await opened.verify() };
      await opened.close();
      const bytes = await Promise.all(items.map(async (item) => (typeof item === "string" ? item : [...new Uint8Array(await item.arrayBuffer())])));
      return { items: bytes, wanted, refused, inThePage, moved, kept };
    },
    { task, fineTuned },
  );
  // The guard may roll texts as easy as these back; tests/export.rs holds a tuned backbone of texts to its exports.
  if (task === "image") assert.equal(found.kept, fineTuned);
  assert.equal(found.moved < 1 - 1e-6, found.kept, "a backbone that was fine-tuned gives other features");
  const files = {};
  for (const [kind, ending] of [["safetensors", "safetensors"], ["html", "html"]]) {
    files[kind] = join(output, `export-${task}-${fineTuned ? "tuned" : "frozen"}.${ending}`);
    const click = (kind) => Object.assign(document.createElement("a"), { href: URL.createObjectURL(globalThis.files[kind]), download: "file" }).click();
    writeFileSync(files[kind], await saved(page, () => page.evaluate(click, kind)));
  }
  return { ...found, items: found.items.map((item) => (typeof item === "string" ? item : Uint8Array.from(item))), files };
}

/** From the disk, and without a single request. */
function onExported(file, task, work) {
  return withPage(
    async (page) => {
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.locator(task === "image" ? "#drop" : "#text").waitFor();
      await work(page);
      assert.deepEqual(page.complaints, []);
      assert.deepEqual(asked.filter((url) => !url.startsWith("blob:") && !url.startsWith("data:")), []);
    },
    { origin: "file://", path: file },
  );
}

/** Gives it to the page, and reads the answer. */
async function asked(page, task, item) {
  const before = await page.locator("#answers li").count();
  if (task === "image") {
    await page.setInputFiles("#files", { name: "given.png", mimeType: "image/png", buffer: Buffer.from(item) });
  } else {
    await page.fill("#text", item);
    await page.click("#texts button");
  }
  const answer = page.locator("#answers li").nth(0);
  await page.waitForFunction((before) => document.querySelectorAll("#answers li").length > before, before);
  const scores = await answer.locator("tr").evaluateAll((rows) => rows.map((row) => [row.querySelector("th").textContent, row.querySelector("meter").value]));
  return { label: await answer.locator(".label").textContent(), scores: Object.fromEntries(scores) };
}

function same(predictions, wanted) {
  assert.equal(predictions.length, wanted.length);
  predictions.forEach((prediction, i) => {
    assert.equal(prediction.label, wanted[i].label);
    assert.deepEqual(Object.keys(prediction.scores).sort(), Object.keys(wanted[i].scores).sort());
    for (const [label, score] of Object.entries(wanted[i].scores)) {
      assert.ok(Math.abs(prediction.scores[label] - score) <= MOST, `${label}: ${prediction.scores[label]} for ${score}`);
    }
    if (prediction.novelty !== undefined) assert.ok(Math.abs(prediction.novelty - wanted[i].novelty) <= MOST);
  });
}

test("an exported page refuses what is strange when it is asked to, and names what it cannot read", async () => {
  await onExported(join(output, "export-image-frozen.html"), "image", async (page) => {
    const grey = await withPage(async (other) => {
      await other.evaluate(helpers);
      return other.evaluate(async () => [...new Uint8Array(await (await paint([90, 120, 60], 5, 300)).arrayBuffer())]);
    });
    await asked(page, "image", grey);
    await page.setInputFiles("#files", { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await page.locator("#answers li", { hasText: "broken.png" }).locator(".wrong").waitFor();
    await page.check("#strange");
    await page.locator("#answers li", { hasText: "given.png" }).waitFor();
    await page.keyboard.press("Tab");
    await look(page, "1280-light-export-refused");
  });
});

test("an exported page whose model was changed says not to trust it, or does not open", async () => {
  const html = readFileSync(join(output, "export-image-frozen.html"), "latin1");
  const at = html.indexOf('id="model">') + 'id="model">'.length;
  const end = html.indexOf("</script>", at);
  const model = Buffer.from(html.slice(at, end), "base64");
  const written = (name, bytes) => {
    const file = join(output, name);
    writeFileSync(file, html.slice(0, at) + bytes.toString("base64") + html.slice(end), "latin1");
    return file;
  };
  // A bias of the head by name: the header says where it is.
  const size = Number(model.readBigUInt64LE(0));
  const header = JSON.parse(model.toString("utf8", 8, 8 + size));
  const bias = Object.keys(header).find((name) => /head.*bias/.test(name));
  const changed = Buffer.from(model);
  changed.writeFloatLE(7, 8 + size + header[bias].data_offsets[0]);
  // A hash that is right says nothing of who wrote it: the parity vectors do.
  const sealed = Buffer.from(changed);
  const { sha256 } = header.__metadata__;
  sealed.write("0".repeat(64), sealed.indexOf(sha256));
  sealed.write(createHash("sha256").update(sealed).digest("hex"), changed.indexOf(sha256));
  await onExported(written("export-sealed.html", sealed), "image", (page) => page.locator("#proof.wrong", { hasText: "Do not trust" }).waitFor());
  for (const [name, bytes] of [["changed", changed], ["cut", model.subarray(0, model.length - 1000)]]) {
    await withPage(
      async (page) => {
        await page.locator("#title", { hasText: "does not work here" }).waitFor();
        await page.locator("#status.wrong").waitFor();
      },
      { origin: "file://", path: written(`export-${name}.html`, bytes) },
    );
  }
});

test("what cannot be exported, and what is no export, is refused by name", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 1 });
    await learner.add(await painted(4));
    const untrained = await code(learner.export("onnx"));
    await trained(learner, { head: "scratch" });
    const scratch = await code(learner.export("safetensors"));
    await trained(learner);
    const stop = new AbortController();
    const stages = [];
    const stopped = await learner.export("onnx", { signal: stop.signal, onProgress: (p) => (stages.push(p), p.done === 3 && stop.abort("enough")) }).catch((reason) => reason);
    const options = await Promise.all([code(learner.export("pickle")), code(learner.export("html", { samples: "yes" }))]);
    const text = async (blob) => new TextDecoder("latin1").decode(await blob.arrayBuffer());
    const [without, own] = [await text(await learner.export("safetensors")), await text(await learner.export("safetensors", { samples: true }))];
    await learner.close();
    return { untrained, scratch, stopped, stages: stages.at(-1), options, names: [without, own].map((file) => [file.includes("red0.png"), file.includes("made up 1")]) };
  });
  assert.deepEqual([found.untrained, found.scratch, found.stopped, found.options], ["not-trained", "bad-option", "enough", ["bad-option", "bad-option"]]);
  assert.deepEqual(found.stages, { stage: "export", done: 3, total: 16 });
  assert.deepEqual(found.names, [[false, true], [true, true]], "samples go along only when asked, the rest is made up");
  const code = (source) => openExport(source).then(() => "opened", (error) => (error instanceof HeadstartError ? error.code : error));
  const file = readFileSync(join(output, "export-image-frozen.safetensors"));
  assert.deepEqual(
    await Promise.all([code(new Uint8Array()), code(Buffer.from("no export at all")), code(file.subarray(0, file.length / 2)), code("model.safetensors"), code(new Response("", { status: 404 }))]),
    ["bad-export", "bad-export", "bad-export", "bad-option", "network"],
  );
  const model = await openExport(new Blob([file]));
  const item = async (data, options) => model.predict([data], options).then(() => "predicted", ({ code, item }) => [code, item]);
  assert.deepEqual(await item("a text"), ["bad-sample", "0"]);
  assert.deepEqual(await item(Buffer.from("no picture")), ["unsupported-format", "0"]);
  assert.deepEqual(await item(file, { reject: 2 }), ["bad-option", "reject"]);
  await model.close();
  await model.close();
  assert.deepEqual(await item(new Uint8Array(4)), ["closed", undefined]);
});
