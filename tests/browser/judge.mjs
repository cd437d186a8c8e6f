// The judges through the face, in Chromium on the CPU: pictures and texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage } from "./chromium.mjs";

test("a report has intervals, calibration, a curve and slices, and pictures of one burst stay together", async () => {
  const { report, leaking, repeated } = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const samples = (await painted(12)).map((sample, i) => ({ ...sample, group: `burst ${i >> 2}`, slice: { camera: i % 3 ? "left" : "right" } }));
    await learner.add(samples);
    await trained(learner);
    const report = await learner.evaluate();
    const repeated = await learner.evaluate({ repeats: 2, folds: 3 });
    await learner.close();
    const alone = await createLearner({ task: "image", device: "cpu" });
    await alone.add(samples.map(({ group: _, ...sample }) => sample));
    const leaking = await alone.evaluate({ repeats: 1 });
    await alone.close();
    return { report, leaking, repeated };
  });
  assert.match(report.how, /24 samples in \d+ groups/);
  assert.doesNotMatch(leaking.how, /in 6 groups/);
  assert.match(repeated.how, /^3-fold .* repeated 2 times/);
  assert.ok(report.accuracy.low <= report.accuracy.value && report.accuracy.value <= report.accuracy.high);
  assert.ok(report.temperature >= 0.05 && report.temperature <= 20.001 && report.logLossCalibrated > 0 && report.brierCalibrated >= 0);
  assert.ok(report.eceCalibrated >= 0 && report.reliability.reduce((sum, bin) => sum + bin.count, 0) === 24);
  assert.equal(report.learningCurve.at(-1).accuracy.value, report.accuracy.value);
  assert.ok(report.learningCurve.length >= 2 && report.learningCurve.every((p, i, all) => i === 0 || p.perClass > all[i - 1].perClass));
  const camera = report.slices.filter((slice) => slice.name === "camera");
  assert.deepEqual(camera.map(({ value, support, auto }) => [value, support, auto]).sort(), [["left", 16, false], ["right", 8, false]]);
  assert.ok(report.slices.some((slice) => slice.auto && slice.ids.length === slice.support), JSON.stringify(report.slices.map((s) => s.name)));
  assert.equal(report.confusion.counts.flat().reduce((a, b) => a + b), 24);
});

test("what is strange is refused when that is asked for, and never otherwise", async () => {
  const { plain, asked, bad, greys, unknown } = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    await learner.add(await painted(25));
    await trained(learner);
    const [strange] = synthetic();
    const known = (await painted(10, 100)).map((s) => s.data);
    const plain = await learner.predict([strange, ...known]);
    const asked = await learner.predict([strange, ...known], { reject: 0.05 });
    const bad = await code(learner.predict(known, { reject: 1 }));
    // Grey ones as negatives: they are refused, and only when that is asked for.
    const grey = await Promise.all(Array.from({ length: 12 }, (_, i) => paint([120, 120, 120], 300 + i)));
    await learner.add(grey.slice(0, 9).map((data) => ({ data, label: "none" })));
    await trained(learner, { negative: "none" });
    const greys = [await learner.predict(grey.slice(9)), await learner.predict(grey.slice(9), { reject: 0.05 })];
    const unknown = await code(trained(learner, { negative: "nobody" }));
    await learner.close();
    return { plain, asked, bad, greys, unknown };
  });
  assert.ok(greys[0].every((p) => p.label === "none" && !p.rejected) && greys[1].every((p) => p.label === null && p.rejected), JSON.stringify(greys));
  assert.equal(unknown, "bad-option");
  assert.ok(plain.every((p) => p.label !== null && !p.rejected));
  assert.ok(asked[0].rejected && asked[0].label === null, JSON.stringify(asked[0]));
  assert.ok(asked[0].novelty > Math.max(...asked.slice(1).map((p) => p.novelty)));
  assert.ok(asked.slice(1).filter((p) => p.rejected).length <= 5);
  assert.deepEqual(asked.map((p) => p.confidence), plain.map((p) => p.confidence));
  assert.equal(bad, "bad-option");
});

test("the doctor names a wrong label, a duplicate, and what to label next", async () => {
  const { report, wrong, unlabelled } = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const samples = await painted(15);
    samples[4].label = "blue";
    const wrong = samples[4].name;
    const bitmap = await createImageBitmap(samples[9].data);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    // Other bytes, the same picture to anybody.
    context.fillStyle = "rgb(31 60 210)";
    context.fillRect(0, 0, 1, 1);
    const copy = { data: await canvas.convertToBlob({ type: "image/png" }), label: "red", name: "copy" };
    await learner.add([...samples, copy].map((sample) => ({ ...sample, id: sample.name })));
    const { added } = await learner.add((await painted(3, 50)).map(({ data }) => ({ data })));
    const report = await learner.doctor();
    await learner.close();
    return { report, wrong, unlabelled: added };
  });
  assert.deepEqual([report.labelIssues[0].id, report.labelIssues[0].given, report.labelIssues[0].suggested], [wrong, "blue", "red"]);
  assert.ok(report.labelIssues[0].score > 0.5);
  const twins = report.nearDuplicates.find(({ ids }) => ids.includes("copy"));
  assert.ok(twins?.labelsDiffer && twins.ids.includes("blue4.png"), JSON.stringify(report.nearDuplicates));
  // All six; their order is looked at in tests/judge.rs.
  assert.deepEqual([...report.labelNext].sort(), [...unlabelled].sort());
});

test("the verdict compares with learning from scratch, and can be stopped", async () => {
  const { report, stages, aborted, scratch } = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    await learner.add(await painted(10));
    const stages = new Set();
    const report = await learner.transferVerdict({ onProgress: (p) => stages.add(p.stage) });
    const leave = new AbortController();
    const aborted = await learner.transferVerdict({ signal: leave.signal, onProgress: () => leave.abort("enough") }).catch((reason) => reason);
    const { head } = await trained(learner, { head: "scratch" });
    const predictions = await learner.predict((await painted(5, 60)).map((s) => s.data));
    const seen = await learner.evaluate({ samples: await painted(5, 60) });
    await learner.close();
    return { report, stages: [...stages], aborted, scratch: { head, labels: predictions.map((p) => p.label), accuracy: seen.accuracy.value } };
  });
  assert.ok(["helps", "hurts", "unclear"].includes(report.verdict));
  assert.deepEqual(report.rows.map((row) => row.name), ["majority", "scratch", "frozen"]);
  assert.ok(report.rows.find((row) => row.name === "scratch").seconds > 0);
  assert.ok(report.difference.low <= report.difference.value && report.difference.value <= report.difference.high);
  assert.match(report.sentence, /scratch/);
  assert.ok(stages.includes("verdict: scratch") && stages.includes("verdict: frozen"), String(stages));
  assert.equal(aborted, "enough");
  // Red and blue are told apart without any backbone.
  assert.deepEqual([scratch.head, scratch.accuracy], ["scratch", 1]);
  assert.deepEqual(scratch.labels, Array.from({ length: 10 }, (_, i) => (i % 2 ? "blue" : "red")));
});

test("an explanation shows where in a picture the answer is, by every head", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    // The colour is in one corner, the rest is the same grey.
    const cornered = async (colour, seed) => {
      const canvas = new OffscreenCanvas(224, 224);
      const context = canvas.getContext("2d");
      context.fillStyle = "rgb(128 128 128)";
      context.fillRect(0, 0, 224, 224);
      context.drawImage(await createImageBitmap(await paint(colour, seed)), 0, 0, 96, 96);
      return canvas.convertToBlob({ type: "image/png" });
    };
    for (let i = 0; i < 12; i++) {
      await learner.add([{ data: await cornered([200, 30, 30], i), label: "red" }, { data: await cornered([30, 60, 210], i), label: "blue" }]);
    }
    const found = {};
    for (const head of ["linear", "mlp", "prototype", "knn", "scratch"]) {
      await trained(learner, { head });
      found[head] = await learner.explain(await cornered([200, 30, 30], 99));
    }
    await learner.close();
    return found;
  });
  for (const [head, { label, heatmap, nearest }] of Object.entries(found)) {
    const { width, height } = heatmap;
    const data = Object.values(heatmap.data);
    assert.equal(data.length, width * height, head);
    assert.equal(nearest.length, 5, head);
    assert.ok(nearest.every((n) => n.similarity <= 1.0001 && typeof n.label === "string"), head);
    // Neighbours vote the same with a cell left out, unless the vote is close.
    if (head === "knn") continue;
    assert.equal(label, "red", head);
    const strongest = data.indexOf(Math.max(...data));
    assert.ok(strongest % width <= width * 0.6 && Math.floor(strongest / width) <= height * 0.6, `${head}: cell ${strongest} of ${width} × ${height}`);
  }
});

test("texts: words that decide, a verdict, a language, a plane", async () => {
  const { explained, verdict, report, plane, doctor } = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu" });
    const things = ["film", "meal", "hotel", "book", "phone", "concert", "trip", "garden", "lesson", "coat"];
    const samples = things.flatMap((thing, i) => [
      { data: `The ${thing} was wonderful and I loved it ${i}`, label: "good" },
      { data: `The ${thing} was terrible and I hated it ${i}`, label: "bad" },
    ]);
    const { ids } = await learner.add(samples);
    await trained(learner);
    const explained = await learner.explain("My old chair is wonderful");
    const verdict = await learner.transferVerdict();
    const report = await learner.evaluate();
    await learner.relabel([ids[4]], "bad");
    const doctor = { ...(await learner.doctor()), wrong: ids[4] };
    const plane = await learner.projection();
    await learner.close();
    return { explained, verdict, report, plane, doctor };
  });
  assert.equal(explained.label, "good");
  const top = explained.tokens.reduce((best, token) => (token.weight > best.weight ? token : best));
  assert.deepEqual([top.text, top.start, top.end], ["wonderful", 16, 25]);
  assert.equal(verdict.rows.length, 3);
  assert.ok(report.accuracy.value >= 0.9, String(report.accuracy.value));
  assert.equal(plane.length, 20);
  assert.ok(plane.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
  const [first] = doctor.labelIssues;
  assert.deepEqual([first?.id, first?.given, first?.suggested], [doctor.wrong, "bad", "good"], JSON.stringify(doctor.labelIssues));
});
