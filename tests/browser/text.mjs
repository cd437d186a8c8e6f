// Texts through the face, in Chromium.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage, needsShared } from "./chromium.mjs";

for (const [device, kernels, pack, most, least] of [
  ["cpu", "relaxed", "all-minilm-l6-v2-f32", 40, 0.9999],
  ["cpu", "plain", "all-minilm-l6-v2-f32", 40, 0.9999],
  ["cpu", "relaxed", "all-minilm-l6-v2", 40, 0.999],
  ["webgpu", "burn's", "all-minilm-l6-v2", 8, 0.999],
]) {
  test(`${most} texts on ${device}, ${kernels} kernels, with ${pack} have the original embeddings`, needsShared, async () => {
    const cosines = await inPage(
      async ({ device, kernels, pack, most }) => {
        const code = async (name) => (await fetch(`/pkg/headstart_${name}_bg.wasm`)).arrayBuffer();
        const wasm = kernels === "plain" ? { cpu: await code("cpu"), learner: await code("learner") } : undefined;
        const { items } = await (await fetch("/shared/text_golden.json")).json();
        const want = await tensor("/shared/text_golden.safetensors", "embedding");
        const backbone = new URL(`/packs/${pack}/manifest.json`, location.href);
        const learner = await createLearner({ task: "text", device, backbone, wasm, workers: 1 });
        // The shortest: SwiftShader takes seconds for a long one.
        const chosen = items.map((item, i) => ({ ...item, i })).sort((a, b) => a.ids.length - b.ids.length).slice(0, most);
        const { data, cols } = await learner.embed(chosen.map((item) => item.text));
        await learner.close();
        return chosen.map(({ i }, row) => cosine(data.slice(row * cols, (row + 1) * cols), want.data.slice(i * cols, (i + 1) * cols)));
      },
      { device, kernels, pack, most },
    );
    assert.equal(cosines.length, most);
    assert.ok(Math.min(...cosines) >= least, String(cosines));
  });
}

test("sentences are collected, trained on and told apart", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 2 });
    const samples = [
      ["the soup was delicious", "food"],
      ["I would eat this pizza every day", "food"],
      ["a dry and tasteless cake", "food"],
      ["fresh bread with butter", "food"],
      ["the train was two hours late", "travel"],
      ["our flight got cancelled", "travel"],
      ["a quiet hotel near the station", "travel"],
      ["we drove along the coast", "travel"],
    ].map(([data, label]) => ({ data, label }));
    const report = await learner.add([...samples, { data: new Blob(["the soup was delicious"]), label: "travel" }]);
    const result = await trained(learner);
    const predictions = await learner.predict(["noodles with cheese", "the bus to the airport", ""]);
    const evaluation = await learner.evaluate({ folds: 4 });
    const { task, backbone, labels, device } = learner;
    await learner.close();
    return { report, result, predictions, accuracy: evaluation.accuracy.value, task, backbone, labels, device };
  });
  assert.equal(found.task, "text");
  assert.equal(found.backbone.id, "all-minilm-l6-v2");
  assert.equal(found.backbone.dim, 384);
  assert.deepEqual(found.labels, ["food", "travel"]);
  assert.equal(found.report.added.length, 8);
  assert.deepEqual(found.report.duplicates, [{ index: 8, id: found.report.ids[0] }]);
  assert.deepEqual(found.report.truncated, []);
  assert.deepEqual(found.predictions.slice(0, 2).map((p) => p.label), ["food", "travel"]);
  assert.ok(found.predictions.every((p) => Number.isFinite(p.confidence)));
  assert.ok(found.accuracy >= 0.75, String(found.accuracy));
});

test("a text's embedding does not depend on what is embedded with it", async () => {
  const largest = await inPage(async () => {
    const texts = Array.from({ length: 30 }, (_, i) => `sentence ${i} ${"and one more word ".repeat((i * 7) % 23)}`);
    const all = async (learner, list) => (await learner.embed(list)).data;
    const [one, many] = [await createLearner({ task: "text", device: "cpu", workers: 1 }), await createLearner({ task: "text", device: "cpu", workers: 2 })];
    const together = await all(many, texts);
    let most = 0;
    for (const [i, text] of texts.entries()) {
      const alone = await all(one, [text]);
      alone.forEach((v, d) => (most = Math.max(most, Math.abs(v - together[i * 384 + d]))));
    }
    await one.close();
    await many.close();
    return most;
  });
  assert.ok(largest < 1e-5, String(largest));
});

test("a long text is cut and reported, or taken in windows", async () => {
  const found = await inPage(async () => {
    const start = "seven ".repeat(300);
    const [a, b] = [`${start} cats and dogs`, `${start} interest rates and bonds`];
    const run = async (longText) => {
      const learner = await createLearner({ task: "text", device: "cpu", workers: 1, longText });
      const { ids, truncated } = await learner.add([{ data: "short" }, { data: a }]);
      const { data } = await learner.embed([a, b]);
      await learner.close();
      const norm = Math.hypot(...data.slice(0, 384));
      return { ids, truncated, same: cosine(data.slice(0, 384), data.slice(384)), norm };
    };
    return { cut: await run("cut"), windows: await run("windows") };
  });
  assert.deepEqual(found.cut.truncated, [{ id: found.cut.ids[1], tokens: 305, kept: 256 }]);
  assert.ok(found.cut.same > 0.999999, String(found.cut.same));
  assert.deepEqual(found.windows.truncated, []);
  assert.ok(found.windows.same < 0.99, String(found.windows.same));
  assert.ok(Math.abs(found.windows.norm - 1) < 1e-5, String(found.windows.norm));
});

test("what is no text is rejected by name, and the others are in", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 1 });
    const latin = new File([Uint8Array.of(0x67, 0x72, 0xfc, 0x6e)], "latin.txt");
    const report = await learner.add([
      { data: "one", label: "a" },
      { data: latin, label: "a" },
      { data: new ImageData(2, 2), label: "a" },
      { data: new File([], "empty.txt") },
      { data: "two", label: "b" },
      { data: "lone \ud800 surrogate", label: "b" },
    ]);
    const wrongTask = await code(createLearner({ task: "sound" }));
    const wrongPack = await code(createLearner({ task: "text", backbone: "efficientnet-lite0", device: "cpu" }));
    const otherWay = await code(createLearner({ task: "image", backbone: "all-minilm-l6-v2", device: "cpu" }));
    const odd = await code(createLearner({ task: "text", longText: "maybe" }));
    const pictures = await createLearner({ task: "image", device: "cpu", workers: 1 });
    const text = await pictures.add([{ data: "a text" }]);
    await learner.close();
    await pictures.close();
    return { report, wrongTask, wrongPack, otherWay, odd, text: text.rejected };
  });
  assert.equal(found.report.added.length, 3);
  assert.deepEqual(
    found.report.rejected.map(({ index, name, code }) => [index, name, code]),
    [
      [1, "latin.txt", "unsupported-encoding"],
      [2, undefined, "bad-sample"],
      [3, "empty.txt", "empty"],
    ],
  );
  assert.deepEqual([found.wrongTask, found.wrongPack, found.otherWay, found.odd], ["bad-option", "bad-pack", "bad-pack", "bad-option"]);
  assert.equal(found.text[0].code, "bad-sample");
});

test("an abort keeps the rows that are done and returns soon", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 1 });
    const stop = new AbortController();
    let at = 0;
    const texts = Array.from({ length: 5000 }, (_, i) => ({ data: `sentence number ${i} of many about nothing in particular` }));
    const ended = await learner
      .add(texts, {
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done < 100 || at) return;
          at = performance.now();
          stop.abort("enough");
        },
      })
      .then(() => "added", (reason) => reason);
    const took = performance.now() - at;
    const kept = (await learner.samples()).length;
    const again = await learner.add(texts.slice(0, 100));
    await learner.close();
    return { ended, took, kept, duplicates: again.duplicates.length };
  });
  assert.equal(found.ended, "enough");
  assert.ok(found.kept >= 100 && found.kept < 1500, String(found.kept));
  assert.equal(found.duplicates, 100);
  console.log(`# abort of texts took ${Math.round(found.took)} ms`);
});

test("tables are read with their columns, and their broken lines listed", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu", workers: 1 });
    const csv = new File(["\ufefftext,label,who\r\n\"good,\nvery good\",yes,ann\r\n,no,bob\r\nbad,no,bob\r\n"], "reviews.csv");
    const table = await learner.importTexts(csv, { group: "who" });
    const report = await learner.add(table.samples);
    const infos = await learner.samples();
    const lines = await learner.importTexts("one\ntwo\n");
    const utf16 = await code(learner.importTexts(new Blob([Uint8Array.of(0xff, 0xfe, 0x61, 0)])));
    const column = await code(learner.importTexts(csv, { label: "nothing" }));
    const option = await code(learner.importTexts(csv, { colour: "red" }));
    const source = await code(learner.importTexts(7));
    await learner.close();
    return { table, report, infos, lines, utf16, column, option, source };
  });
  assert.deepEqual(found.table.columns, ["text", "label", "who"]);
  assert.deepEqual(found.table.samples[0], { data: "good,\nvery good", name: "reviews.csv, line 2", label: "yes", group: "ann", slice: {} });
  assert.deepEqual(found.table.rejected.map(({ line, code }) => [line, code]), [[4, "bad-line"]]);
  assert.deepEqual(found.infos.map(({ label, group }) => [label, group]), [["yes", "ann"], ["no", "bob"]]);
  assert.deepEqual([found.lines.format, found.lines.label, found.lines.samples.length], ["lines", null, 2]);
  assert.deepEqual([found.utf16, found.column, found.option, found.source], ["unsupported-encoding", "bad-option", "bad-option", "bad-option"]);
});

test("a hundred reviews from a CSV file tell a hundred others apart", needsShared, async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "text", device: "cpu" });
    const rows = async (part) => {
      const { samples, rejected, text, label } = await learner.importTexts(await (await fetch(`/data/sentiment_imdb/${part}.csv`)).blob());
      return { samples, rejected: rejected.length, columns: [text, label] };
    };
    const [train, others] = [await rows("train"), await rows("test")];
    await learner.add(train.samples.slice(0, 100));
    await trained(learner);
    const report = await learner.evaluate({ samples: others.samples.slice(0, 100) });
    await learner.close();
    return { rows: [train.samples.length, others.samples.length], rejected: train.rejected, columns: train.columns, accuracy: report.accuracy.value };
  });
  assert.deepEqual([found.rows, found.rejected, found.columns], [[600, 400], 0, ["text", "label"]]);
  // The reference reaches 82 % with 32 samples and 91 % with all 600; with a hundred to test on, one deviation is 3 points.
  assert.ok(found.accuracy >= 0.82, String(found.accuracy));
});
