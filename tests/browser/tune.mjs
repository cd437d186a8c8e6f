// Fine-tuning and adaptation through the face, in Chromium on the CPU: pictures and texts.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inPage, withPage } from "./chromium.mjs";
import { helpers } from "./helpers.mjs";

test("pictures are tuned, guarded, and what is kept is what predicts", async () => {
  const seen = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    await learner.add(dots(16));
    // One without a label, and a canvas that is drawn over later: its pixels were kept.
    await learner.add([{ data: dot(0, 900), name: "unlabelled" }]);
    const cost = await learner.fineTuneCost({ epochs: 2 });
    const events = await tuned(learner, { epochs: 3, folds: 2 });
    const { result } = events.at(-1);
    const other = dot(1, 901);
    const [prediction] = await learner.predict([other]);
    const [now, frozen] = [await learner.embed([other]), await learner.embed([other], { stage: "frozen" })];
    const report = await learner.evaluate();
    const map = await learner.projection();
    const added = await learner.add([{ data: dot(0, 902), label: "left" }]);
    const again = await trained(learner);
    const explanation = await learner.explain(other);
    await learner.close();
    return {
      cost, result, prediction, report, map: map.length, added: added.added.length, again, side: explanation.heatmap.width,
      moved: 1 - cosine(now.data, frozen.data),
      stages: [...new Set(events.filter((e) => e.type === "progress").map((e) => e.stage))],
      guards: events.filter((e) => e.guard !== undefined).length,
    };
  });
  const { cost, result, report } = seen;
  assert.equal(cost.samples, 32);
  assert.ok(cost.seconds > 0 && cost.bytes > 32 * 43904 && cost.epochs === 2 && cost.trainings === 4, JSON.stringify(cost));
  assert.equal(result.guard.kept, result.kept);
  assert.ok(result.guard.perClass.length === 2 && result.guard.perClass.every((c) => c.support === 16));
  assert.ok(Math.abs(result.guard.gain.value - (result.guard.tuned.value - result.guard.frozen.value)) < 1e-9);
  assert.ok(seen.guards >= 6, "the guard is heard of after each epoch of each fold");
  assert.ok(["look", "fit heads", "guard, part 1 of 2", "guard, part 2 of 2", "judge"].every((stage) => seen.stages.includes(stage)), seen.stages.join());
  assert.ok(["left", "right"].includes(seen.prediction.label));
  assert.equal(seen.moved > 1e-6, result.kept, "a backbone that was kept gives other features, one that was not gives the same");
  assert.equal(report.how.includes("tuned anew"), result.kept, report.how);
  if (result.kept) assert.ok(Math.abs(report.accuracy.value - result.guard.tuned.value) < 1e-9);
  assert.deepEqual([seen.map, seen.added, seen.side], [33, 1, 7]);
  assert.ok(seen.again.kept);
});

test("each sample goes through the frozen part once, before the first epoch, and never again", async () => {
  const seen = await inPage(async () => {
    // What the workers are asked for, in order: `text` is the frozen part of the backbone, `step` is a piece of the training.
    const worker = patchedWorker(`
      const channel = new BroadcastChannel("asked");
      const heard = new WeakSet();
      const { addEventListener } = EventTarget.prototype;
      MessagePort.prototype.addEventListener = function (...listener) {
        if (!heard.has(this)) {
          heard.add(this);
          addEventListener.call(this, "message", ({ data }) => data.type === "APPLY" && ["text", "picture", "step"].includes(data.path.at(-1)) && channel.postMessage(data.path.at(-1)));
        }
        return addEventListener.apply(this, listener);
      };
    `);
    const asked = [];
    const channel = new BroadcastChannel("asked");
    const learner = await createLearner({ task: "text", device: "cpu", worker, workers: 1 });
    await learner.add(["a", "b", "c", "d", "e", "f"].map((data, i) => ({ data, label: i % 2 ? "odd" : "even" })));
    channel.onmessage = ({ data }) => asked.push(data);
    await tuned(learner, { stages: 1, epochs: 4, folds: 2, method: "cross-entropy" });
    await learner.close();
    return asked;
  });
  const frozen = seen.filter((what) => what === "text");
  assert.equal(frozen.length, 6, seen.join());
  assert.ok(seen.lastIndexOf("text") < seen.indexOf("step") && seen.length - 6 >= 2 * 4, seen.join());
});

test("texts are tuned on pairs; an abort ends with the best so far, leaving the loop changes nothing", async () => {
  const seen = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 2 });
    const words = { fruit: ["apple", "pear", "plum", "fig", "melon", "grape"], tool: ["hammer", "saw", "drill", "rasp", "vice", "file"] };
    const samples = Object.entries(words).flatMap(([label, all]) => all.map((word) => ({ data: `I have a ${word} here`, label })));
    await learner.add(samples);
    await trained(learner);
    const before = await learner.predict(["a chisel"]);
    for await (const event of learner.fineTune({ epochs: 4 })) if (event.stage?.startsWith("guard")) break;
    const left = await learner.predict(["a chisel"]);
    const controller = new AbortController();
    const aborted = [];
    for await (const event of learner.fineTune({ epochs: 50, signal: controller.signal })) {
      aborted.push(event);
      if (event.stage?.startsWith("guard")) controller.abort(new Error("enough"));
    }
    const events = await tuned(learner, { epochs: 6, folds: 2 });
    const { result } = events.at(-1);
    const options = await Promise.all([
      code(tuned(learner, { stages: 4 })), code(tuned(learner, { method: "none" })), code(tuned(learner, { memory: 1000 })), code(tuned(learner, { speed: 1 })),
    ]);
    const after = await learner.predict(["a chisel"]);
    await learner.close();
    return { before, left, aborted: aborted.at(-1), result, options, after, last: events.at(-2) };
  });
  assert.deepEqual(seen.left, seen.before);
  assert.equal(seen.aborted.type, "done");
  assert.equal(seen.aborted.result.kept, false);
  assert.match(seen.aborted.result.reason, /stopped before/);
  assert.deepEqual(seen.options, ["bad-option", "bad-option", "bad-option", "bad-option"]);
  assert.match(seen.result.reason, seen.result.kept ? /is kept/ : /rolled back/);
  assert.ok(seen.after[0].scores.tool > 0.5, JSON.stringify(seen.after));
});

test("low-rank updates: what is kept predicts as it does from a project, which is smaller for it", async () => {
  const seen = await inPage(async () => {
    const samples = riddles();
    const one = async (lora) => {
      const learner = await createLearner({ task: "text", device: "cpu", workers: 2 });
      await learner.add(samples);
      const { result } = (await tuned(learner, { method: "cross-entropy", epochs: 6, folds: 2, rate: lora ? 0.02 : 0.01, lora })).at(-1);
      const project = await learner.export("project");
      const riddle = ["pot red hen small"];
      const said = await learner.predict(riddle);
      const moved = 1 - cosine((await learner.embed(riddle)).data, (await learner.embed(riddle, { stage: "frozen" })).data);
      await learner.close();
      const other = await openProject(project, { device: "cpu", workers: 1 });
      const again = await other.predict(riddle);
      await other.close();
      return { result, size: project.size, said: said[0].scores, again: again[0].scores, moved };
    };
    const learner = await createLearner({ task: "text", device: "cpu", workers: 1 });
    await learner.add(samples);
    const refused = await Promise.all([0, 65, 1.5, "4"].map((lora) => code(tuned(learner, { lora }))));
    await learner.close();
    return { low: await one(4), all: await one(undefined), refused };
  });
  for (const { result, said, again, moved } of [seen.low, seen.all]) {
    assert.ok(result.kept, result.reason);
    assert.ok(moved > 1e-4, String(moved));
    assert.ok(Math.abs(said.odd - again.odd) < 1e-5, JSON.stringify([said, again]));
  }
  assert.ok(seen.low.size < seen.all.size - 13e6, `${seen.low.size} and ${seen.all.size} bytes`);
  assert.deepEqual(seen.refused, Array(4).fill("bad-option"));
});

test("pretraining goes on with texts without a label, in one training that the guard judges by its heads", async () => {
  const seen = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 2 });
    const words = { fruit: ["apple", "pear", "plum", "fig", "melon", "grape"], tool: ["hammer", "saw", "drill", "rasp", "vice", "file"] };
    await learner.add(Object.entries(words).flatMap(([label, all]) => all.map((word) => ({ data: `I have a ${word} here`, label }))));
    const tooFew = await tuned(learner, { method: "pretrain" }).catch(({ code, message }) => ({ code, message }));
    const sentences = ["I saw", "she lost", "we sold", "they want"].flatMap((who) => ["a lemon", "one axe", "some nails", "two cherries", "the ladder", "a ripe peach", "your pliers", "no salad", "old screws"].map((what) => `${who} ${what}`));
    await learner.add(sentences.map((data) => ({ data })));
    await trained(learner);
    const recipe = { method: "pretrain", epochs: 2, folds: 3 };
    const cost = await learner.fineTuneCost(recipe);
    const events = await tuned(learner, recipe);
    const moved = 1 - cosine((await learner.embed(["a chisel"])).data, (await learner.embed(["a chisel"], { stage: "frozen" })).data);
    const [prediction] = await learner.predict(["a chisel"]);
    const map = await learner.projection();
    await learner.close();
    return { tooFew, cost, result: events.at(-1).result, moved, prediction, map: map.length, losses: events.filter((e) => e.stage === "pretrain" && e.loss !== undefined).length };
  });
  assert.equal(seen.tooFew.code, "bad-option");
  assert.match(seen.tooFew.message, /takes 32 texts without a label, and there are 0/);
  assert.deepEqual([seen.cost.samples, seen.cost.trainings, seen.cost.epochs], [48, 1, 2]);
  // Two passes over 36 texts, in batches of 18.
  assert.equal(seen.losses, 2 * 2);
  const { result } = seen;
  assert.match(result.reason, result.kept ? /^Continued pretraining is kept: held out/ : /^Continued pretraining was rolled back: held out/);
  assert.equal(seen.moved > 1e-6, result.kept, `${seen.moved}`);
  assert.equal(seen.map, 48);
  assert.ok(seen.prediction.scores.tool > 0.5, JSON.stringify(seen.prediction));
});

test("a picture whose file was changed is left out of a fine-tuning, and said; the others are tuned", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headstart-"));
  const file = join(folder, "changing.png");
  await withPage(async (page) => {
    await page.evaluate(helpers);
    const picture = await page.evaluate(async () => [...new Uint8Array(await (await paint([200, 30, 30], 77)).arrayBuffer())]);
    writeFileSync(file, Buffer.from(picture));
    await page.evaluate(() => {
      const input = Object.assign(document.createElement("input"), { type: "file", id: "file" });
      document.body.append(input);
    });
    await page.setInputFiles("#file", file);
    await page.evaluate(async () => {
      globalThis.learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
      await learner.add([...(await painted(6)), { data: document.querySelector("#file").files[0], label: "red" }]);
    });
    writeFileSync(file, Buffer.concat([Buffer.from(picture), Buffer.from("more")]));
    const events = await page.evaluate(() => tuned(learner, { epochs: 1, folds: 2, stages: 1 }));
    const out = events.find((event) => event.stage === "left out");
    assert.ok(out && out.done === 1 && out.note.includes("changing.png"), JSON.stringify(out));
    const { guard } = events.at(-1).result;
    assert.equal(guard.perClass.reduce((sum, c) => sum + c.support, 0), 12);
    await page.evaluate(() => learner.close());
  });
  rmSync(folder, { recursive: true });
});

test("a target domain is measured, and the model moved only where that is likely to help", async () => {
  const seen = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    await learner.add(await painted(20));
    const untrained = await code(learner.adapt(await painted(12, 200)));
    await trained(learner);
    const few = await code(learner.adapt(await painted(2, 200)));
    const same = await learner.adapt((await painted(15, 300)).map(({ data }) => ({ data })));
    const broken = { data: new Blob(["no picture"]), name: "broken.png" };
    const seen = [];
    const darker = await Promise.all(Array.from({ length: 30 }, (_, i) => paint(i % 2 ? [60, 10, 10] : [10, 20, 70], 400 + i)));
    const moved = await learner.adapt([...darker.map((data) => ({ data })), broken], { onProgress: (p) => seen.push(p.stage) });
    const [prediction] = await learner.predict([darker[1]]);
    await learner.close();
    return { untrained, few, same, moved, prediction, stages: [...new Set(seen)] };
  });
  assert.deepEqual([seen.untrained, seen.few], ["not-trained", "bad-option"]);
  assert.equal(seen.same.kept, false, seen.same.sentence);
  const { moved } = seen;
  assert.ok(moved.shift.domainClassifier.value > 0.8 && moved.shift.mmd.p < 0.05, JSON.stringify(moved.shift));
  assert.equal(moved.kept, moved.method !== "none");
  assert.deepEqual(moved.rejected.map(({ name, code }) => [name, code]), [["broken.png", "unsupported-format"]]);
  assert.ok(moved.tried.length >= 3 && moved.sentence.length > 40 && seen.stages.length > 1);
  assert.equal(seen.prediction.label, "red");
});

test("batch norms are estimated anew for pictures from elsewhere, and what is kept is what predicts until the model is another", async () => {
  const seen = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    await learner.add(await painted(20));
    await trained(learner);
    // The same as if behind a fog, and one that is drawn over before it is read again.
    const fog = (i) => paint(i % 2 ? [215, 190, 190] : [190, 195, 217], 500 + i);
    const target = await Promise.all(Array.from({ length: 40 }, async (_, i) => ({ data: await fog(i), name: `fog ${i}`, label: i < 8 ? ["blue", "red"][i % 2] : undefined })));
    const canvas = new OffscreenCanvas(48, 48);
    const context = canvas.getContext("2d");
    context.fillRect(0, 0, 20, 20);
    const drawn = { data: canvas, name: "drawn over" };
    const heard = [];
    const onProgress = ({ stage, note }) => {
      if (stage === "look") context.fillRect(0, 0, 40, 40);
      heard.push({ stage, note });
    };
    const stopped = new AbortController();
    const abort = (p) => p.stage === "batch-norm" && stopped.abort(new Error("enough"));
    const rows = async () => {
      const [now, frozen] = [await learner.embed([target[9].data]), await learner.embed([target[9].data], { stage: "frozen" })];
      return 1 - cosine(now.data, frozen.data);
    };
    const aborted = await learner.adapt(target, { signal: stopped.signal, onProgress: abort }).catch((error) => error.message);
    const before = await rows();
    const report = await learner.adapt([...target, drawn], { onProgress });
    const [prediction] = await learner.predict([target[9].data]);
    const after = await rows();
    const { heatmap } = await learner.explain(target[9].data);
    const onTarget = await learner.evaluate({ samples: target.slice(0, 8) });
    const onSource = await learner.evaluate();
    const { added } = await learner.add([{ data: await fog(99), label: "red" }]);
    const again = await learner.adapt(target);
    await trained(learner);
    const last = await rows();
    await learner.close();
    return { aborted, before, report, prediction, after, side: heatmap.width, onTarget: onTarget.accuracy.value, onSource: onSource.accuracy.value, added: added.length, again, last, heard };
  });
  const { report } = seen;
  assert.equal(seen.aborted, "enough");
  const norm = report.tried.find(({ method }) => method === "batch-norm re-estimation");
  assert.ok(norm && Number.isFinite(norm.criterion) && Number.isFinite(norm.guard), JSON.stringify(report));
  const stages = seen.heard.map(({ stage }) => stage);
  assert.ok(["look", "batch-norm"].every((stage) => stages.includes(stage)), [...new Set(stages)].join());
  assert.match(seen.heard.find(({ stage }) => stage === "left out").note, /drawn over: this picture was changed/);
  const kept = report.kept && report.method.startsWith("batch-norm");
  assert.equal(seen.after > 1e-4, kept, `a backbone that was kept gives other features: ${seen.after}, ${report.method}`);
  assert.ok(Math.abs(seen.before) < 1e-6 && Math.abs(seen.last) < 1e-6, `${seen.before}, ${seen.last}`);
  assert.ok(["red", "blue"].includes(seen.prediction.label), JSON.stringify(seen.prediction));
  assert.deepEqual([seen.side, seen.added], [7, 1]);
  assert.ok(seen.onTarget >= 0.5 && seen.onSource >= 0.9, `${seen.onTarget}, ${seen.onSource}`);
  assert.ok(seen.again.tried.some(({ method }) => method === "batch-norm re-estimation"), JSON.stringify(seen.again));
});
