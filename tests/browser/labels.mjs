// Several labels a sample, and numbers: what the face gives for each, on pictures painted here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage } from "./chromium.mjs";

test("several labels: sets are learnt, predicted, reported, doctored, explained", async () => {
  const found = await inPage(async () => {
    const random = numbers(5);
    const picture = async (i) => {
      const label = ["red", "blue"].filter((_, bit) => (i >> bit) & 1);
      const level = (on) => Math.round(on ? 150 + 100 * random() : 90 * random());
      return { data: await paint([level(label.includes("red")), level(random() < 0.5), level(label.includes("blue"))], i), label, id: `p${i}` };
    };
    const samples = await Promise.all(Array.from({ length: 60 }, (_, i) => picture(i)));
    const others = await Promise.all(Array.from({ length: 20 }, (_, i) => picture(100 + i)));
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    await learner.add(samples);
    const labels = learner.labels;
    const heads = {};
    for (const head of ["knn", "mlp", "linear"]) {
      const result = await trained(learner, { head });
      const predictions = await learner.predict(others.map((s) => s.data));
      heads[head] = { right: predictions.filter((p, i) => String(p.label) === String(others[i].label.sort())).length, one: predictions[3], result };
    }
    const report = await learner.evaluate();
    const given = await learner.evaluate({ samples: others });
    // One that is red is said to be blue.
    await learner.relabel(["p5"], ["blue"]);
    const doctor = await learner.doctor();
    await learner.undo();
    const explained = await learner.explain(others[3].data);
    const stored = (await learner.samples())[3].label;
    await learner.relabel(["p3"], []);
    const emptied = (await learner.samples())[3].label;
    const codes = [
      await code(learner.transferVerdict()),
      await code(trained(learner, { head: "prototype" })),
      await code(learner.relabel(["p3"], [""])),
    ];
    await learner.relabel(["p3"], 4);
    codes.push(await code(trained(learner)));
    await learner.close();
    return { labels, heads, report, given, doctor, explained: explained.label, stored, emptied, codes };
  });
  assert.deepEqual(found.labels.sort(), ["blue", "red"]);
  for (const [head, { right, one }] of Object.entries(found.heads)) {
    assert.ok(right >= 15, `${head}: ${right} of 20 sets are right`);
    assert.deepEqual(Object.keys(one.scores).sort(), ["blue", "red"]);
    assert.ok(Array.isArray(one.label) && one.confidence >= 0.5 && one.confidence <= 1, JSON.stringify(one));
  }
  const { report, given } = found;
  assert.equal(report.kind, "labels");
  for (const interval of [report.accuracy, report.balancedAccuracy, report.macroF1, report.microF1, report.meanAveragePrecision]) {
    assert.ok(interval.value > 0.6 && interval.low <= interval.value && interval.value <= interval.high && interval.high <= 1, JSON.stringify(interval));
  }
  assert.deepEqual(report.perClass.map((c) => [c.label, c.support]), [["blue", 30], ["red", 30]]);
  assert.ok(report.perClass.every((c) => c.averagePrecision > 0.6), JSON.stringify(report.perClass));
  assert.ok(report.ece < 0.3 && report.eceCalibrated < 0.3, `${report.ece}, ${report.eceCalibrated}`);
  assert.ok(report.logLossCalibrated < 0.6 && report.brierCalibrated < 0.5, `${report.logLossCalibrated}, ${report.brierCalibrated}`);
  assert.ok(report.learningCurve.length > 1 && report.learningCurve.at(-1).accuracy.value === report.accuracy.value, JSON.stringify(report.learningCurve));
  assert.ok(given.microF1.value > 0.7 && given.bill.labels === 60, JSON.stringify(given.microF1));
  assert.ok(found.doctor.labelIssues.every((issue) => Array.isArray(issue.given) && Array.isArray(issue.suggested)));
  const wrong = found.doctor.labelIssues.find((issue) => issue.id === "p5");
  assert.deepEqual(wrong?.given, ["blue"], JSON.stringify(found.doctor.labelIssues));
  assert.ok(["red", "blue"].includes(found.explained));
  assert.deepEqual([found.stored, found.emptied], [["blue", "red"], []]);
  assert.deepEqual(found.codes, ["bad-labels", "bad-option", "bad-sample", "bad-labels"]);
});

test("numbers: predicted with a range that holds, reported, and never mixed with names", async () => {
  const found = await inPage(async () => {
    const random = numbers(7);
    const picture = async (i) => {
      const rgb = [0, 0, 0].map(() => Math.round(255 * random()));
      return { data: await paint(rgb, i), label: (rgb[0] - rgb[2]) / 10, name: `picture ${i}` };
    };
    const samples = await Promise.all(Array.from({ length: 120 }, (_, i) => picture(i)));
    const others = await Promise.all(Array.from({ length: 60 }, (_, i) => picture(200 + i)));
    const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
    const added = await learner.add([...samples, { ...samples[0], label: NaN }]);
    const result = await trained(learner);
    const predictions = await learner.predict(others.map((s) => s.data), { reject: 0.01 });
    const report = await learner.evaluate();
    const given = await learner.evaluate({ samples: others });
    await learner.relabel([added.ids[7]], 500);
    const doctor = { ...(await learner.doctor()), wrong: added.ids[7] };
    await learner.undo();
    const { label, heatmap } = await learner.explain(others[0].data);
    const labels = learner.labels;
    await learner.relabel(added.ids.slice(3, 5), null);
    const waiting = (await learner.samples()).filter((s) => s.label === null).map((s) => s.id);
    const fewer = (await learner.evaluate()).bill.labels;
    await learner.undo();
    const back = (await learner.samples()).filter((s) => s.label === null).length;
    const mixed = await code(learner.evaluate({ samples: [{ ...others[0], label: "red" }] }));
    await learner.close();
    return { rejected: added.rejected, result, predictions, truth: others.map((s) => s.label), report, given, doctor, label, cells: heatmap.data.length, labels, mixed, waiting, those: added.ids.slice(3, 5), fewer, back };
  });
  assert.deepEqual(found.rejected.map((r) => r.code), ["bad-sample"]);
  assert.deepEqual([found.labels, found.result.estimate], [[], undefined]);
  const { report, given, predictions, truth } = found;
  assert.equal(report.kind, "numbers");
  assert.ok(report.r2.value > 0.5 && report.mae.value < 0.7 * report.baselines.median, JSON.stringify([report.mae, report.r2, report.baselines]));
  assert.ok(report.rmse.value >= report.mae.value && report.predictions.length === 120 && report.bill.labels === 120);
  assert.ok(report.learningCurve.every((p) => p.mae.low <= p.mae.value && p.perClass > 0) && report.slices.every((s) => s.mae.value >= 0));
  const held = predictions.filter((p, i) => p.interval.low <= truth[i] && truth[i] <= p.interval.high).length;
  assert.ok(held >= 51, `${held} of 60 ranges hold`);
  assert.ok(predictions.every((p) => p.label === null || (typeof p.label === "number" && p.confidence > 0.94)));
  const mae = predictions.reduce((sum, p, i) => sum + Math.abs((p.interval.low + p.interval.high) / 2 - truth[i]), 0) / 60;
  assert.ok(Math.abs(mae - given.mae.value) < 1e-3, `${mae}, not ${given.mae.value}`);
  const [first] = found.doctor.labelIssues;
  assert.deepEqual([first?.id, first?.given], [found.doctor.wrong, 500], JSON.stringify(found.doctor.labelIssues));
  assert.ok(found.doctor.labelIssues.every((issue) => typeof issue.suggested === "number") && found.doctor.imbalance.length === 0);
  assert.ok(Number.isFinite(Number(found.label)) && found.cells === 49);
  assert.equal(found.mixed, "bad-labels");
  // Taken off, and back with undo.
  assert.deepEqual([found.waiting, found.fewer, found.back], [found.those, 118, 0]);
});
