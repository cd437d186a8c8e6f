// The face, in Chromium on the CPU.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage, needsShared, pictures, withPage } from "./chromium.mjs";
import { helpers } from "./helpers.mjs";

test("importing the package does nothing, where there is no window too", async () => {
  const before = Object.keys(globalThis).length;
  const face = await import("../../pkg/index.js");
  const names = ["HeadstartError", "createLearner", "deleteProject", "listProjects", "openProject", "readTeachableMachine", "renameProject", "storage"];
  assert.deepEqual(Object.keys(face).sort(), names);
  assert.equal(Object.keys(globalThis).length, before);
});

for (const [build, adapter] of [["relaxed", "WebAssembly relaxed SIMD"], ["plain", "WebAssembly SIMD"]]) {
  test(`synthetic pictures have the original features from the ${build} kernels`, async () => {
    const found = await inPage(async (build) => {
      const code = async (name) => (await fetch(`/pkg/headstart_${name}_bg.wasm`)).arrayBuffer();
      const wasm = build === "plain" ? { cpu: await code("cpu"), learner: await code("learner") } : undefined;
      const learner = await createLearner({ task: "image", device: "cpu", wasm });
      const { data, rows, cols } = await learner.embed(synthetic());
      const want = await tensor("/golden/synthetic_golden.safetensors", "feature");
      const cosines = [0, 1].map((i) => cosine(data.slice(i * cols, (i + 1) * cols), want.data.slice(i * cols, (i + 1) * cols)));
      const { adapter } = learner.device;
      await learner.close();
      return { adapter, rows, cols, cosines };
    }, build);
    assert.deepEqual([found.adapter, found.rows, found.cols], [adapter, 2, 1280]);
    assert.ok(Math.min(...found.cosines) >= 0.9999, String(found.cosines));
  });
}

test("photographs, from their files, have the original features", needsShared, async () => {
  const cosines = await inPage(async () => {
    const { images } = await (await fetch("/shared/image_golden.json")).json();
    const want = await tensor("/shared/image_golden.safetensors", "feature");
    const samples = await fetched(images.map((i) => ({ url: `/${i.file}` })));
    const learner = await createLearner({ task: "image", device: "cpu" });
    const { data, cols } = await learner.embed(samples.map((s) => s.data));
    await learner.close();
    return samples.map((_, i) => cosine(data.slice(i * cols, (i + 1) * cols), want.data.slice(i * cols, (i + 1) * cols)));
  });
  assert.ok(Math.min(...cosines) >= 0.999, String(cosines));
});

for (const device of ["cpu", "webgpu"]) {
  // SwiftShader takes seconds a picture.
  const most = device === "cpu" ? 12 : 2;
  test(`in f32 on ${device}, features are the original's to 1e-3`, needsShared, async () => {
    const found = await inPage(
      async ({ device, most }) => {
        const pixels = await tensor("/shared/image_golden.safetensors", "image_u8_nhwc");
        const want = await tensor("/shared/image_golden.safetensors", "feature");
        const pictures = Array.from({ length: Math.min(most, pixels.shape[0]) }, (_, n) => {
          const picture = new ImageData(224, 224);
          for (let i = 0; i < 224 * 224; i++) picture.data.set([...pixels.bytes.subarray(3 * (n * 224 * 224 + i), 3 * (n * 224 * 224 + i + 1)), 255], 4 * i);
          return picture;
        });
        const backbone = new URL("/packs/efficientnet-lite0-f32/manifest.json", location.href);
        const learner = await createLearner({ task: "image", device, backbone, workers: 1 });
        const { data } = await learner.embed(pictures);
        await learner.close();
        return { rows: data.length / 1280, largest: data.reduce((most, v, i) => Math.max(most, Math.abs(v - want.data[i])), 0) };
      },
      { device, most },
    );
    assert.ok(found.rows >= 2);
    assert.ok(found.largest < 1e-3, String(found.largest));
  });
}

test("collect, train each head, predict, evaluate", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const progress = [];
    const report = await learner.add(await painted(6), { onProgress: (p) => progress.push(p) });
    const heads = {};
    for (const head of ["linear", "prototype", "knn"]) {
      const events = [];
      for await (const event of learner.train({ head })) events.push(event);
      const test = await painted(3, 20);
      const predictions = await learner.predict(test.map((s) => s.data));
      heads[head] = {
        last: events.at(-1),
        right: predictions.filter((p, i) => p.label === test[i].label).length,
        first: predictions[0],
        elsewhere: await learner.evaluate({ samples: test }),
        folds: await learner.evaluate(),
      };
    }
    const samples = await learner.samples();
    const { device, backbone, labels } = learner;
    await learner.close();
    return { report, progress, heads, samples, device, backbone, labels };
  });
  assert.equal(found.report.added.length, 12);
  assert.deepEqual(found.labels, ["red", "blue"]);
  assert.deepEqual(found.progress.at(-1), { stage: "add", done: 12, total: 12 });
  assert.equal(found.samples[0].name, "red0.png");
  assert.equal(found.device.kind, "cpu");
  assert.equal(found.backbone.dim, 1280);
  assert.match(found.backbone.sha256, /^[0-9a-f]{64}$/);
  for (const [head, { last, right, first, elsewhere, folds }] of Object.entries(found.heads)) {
    assert.equal(last.type, "done", head);
    assert.equal(last.result.head, head);
    assert.equal(right, 6, head);
    assert.ok(Math.abs(Object.values(first.scores).reduce((a, b) => a + b) - 1) < 1e-5, head);
    assert.equal(first.nearest.length, 5);
    assert.ok(first.novelty >= 0 && first.novelty < 1);
    assert.equal(elsewhere.accuracy.value, 1, head);
    assert.deepEqual(elsewhere.confusion.counts, [[3, 0], [0, 3]]);
    assert.equal(folds.confusion.ids.flat(2).length, 12);
    assert.match(folds.how, /5-fold stratified cross-validation on 12 samples, seed 0/);
    assert.ok(folds.accuracy.low <= folds.accuracy.value && folds.accuracy.high <= 1);
    assert.ok(folds.bill.seconds.extract > 0);
  }
});

test("what is broken is reported and the others are in", async () => {
  const report = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const samples = await painted(3);
    const whole = await samples[2].data.arrayBuffer();
    samples.splice(1, 0, { data: new Blob([whole.slice(0, whole.byteLength / 2)]), label: "red", name: "torn.png" });
    samples.push({ data: new Blob(["a letter"]), label: "red", name: "letter.txt" });
    samples.push({ data: new Blob([]), label: "red", name: "nothing.jpg" });
    samples.push({ data: "not a picture", label: "red", name: "text" });
    samples.push({ data: samples[0].data, label: "blue", name: "again.png" });
    samples.push({ data: await paint([0, 0, 0], 99), id: "mine", label: "" });
    samples.push({ data: await paint([0, 0, 0], 98), id: "mine", label: "red" });
    samples.push({ data: await paint([0, 0, 0], 97), id: "mine", label: "red", name: "second" });
    const report = await learner.add(samples);
    await learner.close();
    return report;
  });
  assert.equal(report.added.length, 7);
  assert.deepEqual(
    report.rejected.map(({ index, name, code }) => [index, name, code]),
    [
      [1, "torn.png", "bad-image"],
      [7, "letter.txt", "unsupported-format"],
      [8, "nothing.jpg", "empty"],
      [9, "text", "bad-sample"],
      [11, undefined, "bad-sample"],
      [13, "second", "id-taken"],
    ],
  );
  assert.deepEqual(report.duplicates, [{ index: 10, id: report.ids[0] }]);
  assert.equal(report.ids[1], null);
  assert.equal(report.ids[12], "mine");
});

test("every kind of picture data gives the same row", async () => {
  const same = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const blob = await paint([90, 160, 40], 5, 224);
    const bitmap = await createImageBitmap(blob);
    const canvas = Object.assign(document.createElement("canvas"), { width: 224, height: 224 });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const image = Object.assign(new Image(), { src: URL.createObjectURL(blob) });
    const pixels = canvas.getContext("2d").getImageData(0, 0, 224, 224);
    const { data, cols } = await learner.embed([blob, bitmap, canvas, image, pixels]);
    const again = await learner.embed([bitmap]);
    await learner.close();
    const row = (i) => data.slice(i * cols, (i + 1) * cols);
    return [1, 2, 3, 4].map((i) => cosine(row(0), row(i))).concat(cosine(row(1), again.data));
  });
  assert.ok(Math.min(...same) > 0.99999, String(same));
});

test("samples of every kind come in the order they are given", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const blob = await paint([200, 30, 30], 1);
    const bitmap = await createImageBitmap(await paint([30, 200, 30], 2));
    const canvas = new OffscreenCanvas(48, 48);
    const context = canvas.getContext("2d");
    context.fillRect(5, 5, 20, 20);
    const image = context.getImageData(0, 0, 48, 48);
    // A canvas takes longer to copy than its pixels; it came first, so its label stays.
    const report = await learner.add([
      { data: canvas, label: "a" },
      { data: image, label: "b" },
      { data: bitmap, label: "c" },
      { data: blob, label: "d" },
    ]);
    const samples = (await learner.samples()).map((s) => s.label);
    await learner.close();
    return { samples, labels: learner.labels, duplicates: report.duplicates.map((d) => d.index), width: bitmap.width };
  });
  assert.deepEqual(found, { samples: ["a", "c", "d"], labels: ["a", "c", "d"], duplicates: [1], width: 48 });
});

test("undo takes back a whole add, a relabel, a remove; redo does it again", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const state = async () => `${(await learner.samples()).map((s) => s.label)} | ${learner.labels}`;
    const { ids } = await learner.add(await painted(2));
    await learner.relabel([ids[0]], "green");
    await learner.remove([ids[1], ids[2]]);
    const states = [await state()];
    const answers = [];
    for (const step of ["undo", "undo", "undo", "undo", "redo", "redo", "redo", "redo"]) {
      answers.push(await learner[step]());
      states.push(await state());
    }
    await learner.undo();
    await learner.relabel([ids[3]], "grey");
    const after = await learner.redo();
    await learner.close();
    return { states, answers, after };
  });
  const [all, green, cut, none] = ["red,blue,red,blue | red,blue", "green,blue,red,blue | green,blue,red", "green,blue | green,blue", " | "];
  assert.deepEqual(found.states, [cut, green, all, none, none, all, green, cut, cut]);
  assert.deepEqual(found.answers, [true, true, true, false, true, true, true, false]);
  assert.equal(found.after, false, "a new action ends redo");
});

test("one bad sample is listed and the others are in; a bad id is named", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const [good] = await painted(1);
    const report = await learner.add([{ ...good, id: 7 }, null, { ...good, slice: { a: 1 } }, { ...good, label: "" }, { data: "text" }, good]);
    const unknown = await learner.remove(report.ids).catch((e) => [e.code, e.item]);
    await learner.close();
    return { codes: report.rejected.map((r) => [r.index, r.code]), added: report.added.length, unknown };
  });
  assert.deepEqual(found.codes, [0, 1, 2, 3, 4].map((i) => [i, "bad-sample"]));
  assert.equal(found.added, 1);
  assert.deepEqual(found.unknown, ["unknown-id", "null"]);
});

test("relabel and remove are all or nothing", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const { ids } = await learner.add(await painted(2));
    const unknown = await code(learner.relabel([ids[0], "nobody"], "green"));
    const before = learner.labels;
    await learner.relabel([ids[1]], "green");
    const after = learner.labels;
    await learner.remove([ids[0], ids[2]]);
    const left = (await learner.samples()).map((s) => s.label);
    const labels = learner.labels;
    const one = await code(learner.remove(["nobody"]));
    // The rows were kept: nothing is computed again, and the new label counts.
    const again = await learner.add([{ data: (await painted(2))[0].data, label: "back" }]);
    await learner.close();
    return { unknown, before, after, left, labels, one, again: again.added.length };
  });
  assert.deepEqual(found, {
    unknown: "unknown-id",
    before: ["red", "blue"],
    after: ["red", "green", "blue"],
    left: ["green", "blue"],
    labels: ["green", "blue"],
    one: "unknown-id",
    again: 1,
  });
});

test("the same data and seed give the same result, in any order and with any workers", async () => {
  const [a, b] = await inPage(async () => {
    const results = [];
    for (const [workers, flip] of [[1, false], [2, true]]) {
      const learner = await createLearner({ task: "image", device: "cpu", workers, seed: 7 });
      const samples = await painted(5);
      await learner.add(flip ? samples.reverse() : samples);
      await trained(learner);
      const probe = await painted(1, 30);
      results.push((await learner.predict(probe.map((s) => s.data))).map((p) => p.scores));
      await learner.close();
    }
    return results;
  });
  assert.deepEqual(a, b);
});

test("an abort keeps what is done and rejects with the signal's reason", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const stop = new AbortController();
    const reason = new Error("enough");
    const samples = await painted(20);
    const adding = learner
      .add(samples, { signal: stop.signal, onProgress: ({ done }) => done === 5 && stop.abort(reason) })
      .catch((error) => error === reason);
    const addedReason = await adding;
    const kept = (await learner.samples()).length;
    await learner.add(samples);

    const early = AbortSignal.abort(reason);
    const train = await trained(learner, { signal: early }).catch((error) => error === reason);
    const evaluating = new AbortController();
    const evaluate = await learner
      .evaluate({ signal: evaluating.signal, onProgress: () => evaluating.abort(reason) })
      .catch((error) => error === reason);
    const predict = await learner.predict([samples[0].data], { signal: early }).catch((error) => error === reason);

    const embed = await learner.embed([samples[0].data], { signal: early }).catch((error) => error === reason);
    // While an iterable keeps it waiting, and while a server does.
    const waiting = new AbortController();
    async function* never() {
      yield samples[0];
      setTimeout(() => waiting.abort(reason), 200);
      await new Promise(() => {});
    }
    const stalled = await learner.add(never(), { signal: waiting.signal }).catch((error) => error === reason);
    const opening = new AbortController();
    setTimeout(() => opening.abort(reason), 300);
    const slow = `const original = fetch; self.fetch = (...a) => String(a[0]).includes("safetensors") ? new Promise(() => {}) : original(...a);`;
    const opened = await createLearner({ task: "image", device: "cpu", signal: opening.signal, worker: patchedWorker(slow) }).catch((error) => error === reason);

    // Trainings queue; one that is aborted while it waits ends at once and disturbs nobody.
    const first = learner.train()[Symbol.asyncIterator]();
    await first.next();
    const queued = new AbortController();
    const second = trained(learner, { signal: queued.signal }).catch((error) => error === reason);
    queued.abort(reason);
    const queueLeft = await second;
    await first.return();

    // What a callback throws ends the call, and comes out of it.
    const mine = new Error("mine");
    const callback = await learner.add(await painted(2, 90), { onProgress: () => { throw mine; } }).catch((error) => error === mine);
    const callbackInTrain = await trained(learner, { onProgress: () => { throw mine; } }).catch((error) => error === mine);

    // Leaving the loop cancels; the learner is free for the next training.
    for await (const event of learner.train()) break;
    const untrained = await code(learner.predict([samples[0].data]));
    const after = await trained(learner);
    const open = await createLearner({ task: "image", signal: early }).catch((error) => error === reason);
    await learner.close();
    return { addedReason, kept, train, evaluate, predict, embed, stalled, opened, queueLeft, callback, callbackInTrain, untrained, after: after.head, open };
  });
  const { kept, ...rest } = found;
  assert.ok(kept >= 5 && kept < 40, `kept ${kept}`);
  assert.deepEqual(rest, {
    addedReason: true,
    train: true,
    evaluate: true,
    predict: true,
    embed: true,
    stalled: true,
    opened: true,
    queueLeft: true,
    callback: true,
    callbackInTrain: true,
    untrained: "not-trained",
    after: "linear",
    open: true,
  });
});

test("an async iterable is read no faster than pictures are done", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 1 });
    let [given, done, ahead] = [0, 0, 0];
    async function* endless() {
      for (const sample of await painted(20)) {
        given++;
        ahead = Math.max(ahead, given - done);
        yield sample;
      }
    }
    const report = await learner.add(endless(), { onProgress: (p) => (done = p.done) });
    await learner.close();
    return { added: report.added.length, ahead };
  });
  assert.equal(found.added, 40);
  assert.ok(found.ahead <= 17, `${found.ahead} ahead`);
});

test("bad options are refused by name", async () => {
  const found = await inPage(async () => {
    const bad = async (options) => createLearner(options).then(() => "no error", (e) => [e.code, e.item]);
    const learner = await createLearner({ task: "image", device: "cpu" });
    const few = await code(trained(learner));
    await learner.add(await painted(3));
    const result = {
      task: await bad({ task: "smell" }),
      device: await bad({ task: "image", device: "abacus" }),
      workers: await bad({ task: "image", workers: 0 }),
      seed: await bad({ task: "image", seed: -1 }),
      missing: (await bad({ task: "image", backbone: "no-such" }))[0],
      never: (await bad({ task: "image", network: "never", backbone: "no-such" }))[0],
      few,
      nothing: await code(learner.add(undefined)),
      head: await code(trained(learner, { head: "oracle" })),
      folds: await code(learner.evaluate({ folds: 1 })),
      half: await code(learner.evaluate({ folds: 2.5 })),
      strength: await code(trained(learner, { strength: NaN })),
      single: await code(learner.embed((await painted(1))[0].data)),
      wasm: await bad({ task: "image", wasm: new Uint8Array(8) }),
      weights: await code(trained(learner, { classWeight: { red: -1 } })),
      unknown: await code(trained(learner, { epochs: 50 })),
      untrained: await code(learner.evaluate({ samples: await painted(1) })),
      error: await createLearner({ task: "smell" }).catch((e) => e instanceof HeadstartError && e.name),
    };
    await learner.close();
    return result;
  });
  assert.deepEqual(found, {
    task: ["bad-option", "task"],
    device: ["bad-option", "device"],
    workers: ["bad-option", "workers"],
    seed: ["bad-option", "seed"],
    missing: "network",
    never: "network",
    few: "too-few-labels",
    nothing: "bad-option",
    head: "bad-option",
    folds: "bad-option",
    half: "bad-option",
    strength: "bad-option",
    single: "bad-option",
    wasm: ["bad-option", "wasm"],
    weights: "bad-option",
    unknown: "bad-option",
    untrained: "not-trained",
    error: "HeadstartError",
  });
});

test("a pack comes as bytes too, and a changed one is refused by name", async () => {
  const found = await inPage(async () => {
    const file = async (name) => (await fetch(`/pkg/backbones/efficientnet-lite0/${name}`)).blob();
    const pack = { "manifest.json": await file("manifest.json"), "model.safetensors": await file("model.safetensors") };
    const learner = await createLearner({ task: "image", device: "cpu", network: "never", backbone: pack });
    const { id } = learner.backbone;
    await learner.close();
    const bytes = new Uint8Array(await pack["model.safetensors"].arrayBuffer());
    bytes[bytes.length - 1] ^= 1;
    const changed = { ...pack, "model.safetensors": bytes };
    const torn = { "manifest.json": pack["manifest.json"] };
    const refuse = (backbone) => createLearner({ task: "image", device: "cpu", backbone }).catch((e) => [e.code, e.item]);
    const url = await createLearner({ task: "image", device: "cpu", backbone: new URL("/pkg/backbones/efficientnet-lite0/manifest.json", location.href) });
    await url.close();
    return { id, changed: await refuse(changed), torn: await refuse(torn), url: url.backbone.id };
  });
  assert.deepEqual(found, {
    id: "efficientnet-lite0",
    changed: ["hash-mismatch", "model.safetensors"],
    torn: ["bad-pack", "model.safetensors"],
    url: "efficientnet-lite0",
  });
});

for (const [name, trap] of [
  ["decoding", `encoder_image: () => { throw new WebAssembly.RuntimeError("unreachable"); }`],
  // A panic in an async export: its promise stays open, and the error is nobody's.
  ["the backbone", `extractor_extract: () => { queueMicrotask(() => { throw new WebAssembly.RuntimeError("unreachable"); }); return new Promise(() => {}); }`],
]) {
  test(`a worker whose wasm traps in ${name} is replaced, and only its picture is lost`, async () => {
    const found = await withPage(async (page) => {
      await page.evaluate(helpers);
      return page.evaluate(async (trap) => {
        // From its second picture on, a worker runs into the trap; every replacement does one more.
        const patch = `
          const original = WebAssembly.instantiate;
          WebAssembly.instantiate = async (...a) => {
            const got = await original(...a);
            const instance = got.instance ?? got;
            const traps = { ${trap} };
            const exports = { ...instance.exports };
            for (const name of Object.keys(traps)) {
              let calls = 0;
              exports[name] = (...b) => (++calls > 1 ? traps[name](...b) : instance.exports[name](...b));
            }
            const patched = Object.create(WebAssembly.Instance.prototype, { exports: { value: exports } });
            return got.instance ? { ...got, instance: patched } : patched;
          };`;
        let made = 0;
        const make = patchedWorker(patch);
        const worker = () => (made++, make());
        const learner = await createLearner({ task: "image", device: "cpu", workers: 1, worker });
        const { added, rejected } = await learner.add(await painted(3));
        await learner.embed([(await painted(1, 50))[0].data]);
        await learner.close();
        return { added: added.length, rejected: rejected.map((r) => r.code), made };
      }, trap);
    });
    // The learner's own worker, the first extractor, and one for each trap.
    assert.deepEqual(found, { added: 3, rejected: ["worker-failed", "worker-failed", "worker-failed"], made: 5 });
  });
}

test("a worker that cannot be replaced ends its calls with a reason", async () => {
  const found = await inPage(async () => {
    let made = 0;
    const trap = patchedWorker(`const original = WebAssembly.instantiate;
      WebAssembly.instantiate = async (...a) => {
        const got = await original(...a);
        const exports = { ...(got.instance ?? got).exports, encoder_image: () => { throw new WebAssembly.RuntimeError("unreachable"); } };
        const instance = Object.create(WebAssembly.Instance.prototype, { exports: { value: exports } });
        return got.instance ? { ...got, instance } : instance;
      };`);
    const dead = patchedWorker(`WebAssembly.instantiate = async () => { throw new Error("out of memory"); };`);
    const worker = () => (++made <= 2 ? trap() : dead());
    const learner = await createLearner({ task: "image", device: "cpu", workers: 1, worker });
    const { rejected } = await learner.add(await painted(2));
    const samples = await learner.samples();
    await learner.close();
    return { rejected: rejected.map((r) => r.code), last: rejected.at(-1).message, samples: samples.length };
  });
  assert.deepEqual(found.rejected, Array(4).fill("worker-failed"));
  assert.match(found.last, /out of memory/);
  assert.equal(found.samples, 0);
});

test("assets, code and workers come from where the options say", async () => {
  const found = await inPage(async () => {
    const wasm = await (await fetch("/pkg/headstart_cpu_bg.wasm")).arrayBuffer();
    let made = 0;
    const worker = () => (made++, new Worker("/pkg/worker.js", { type: "module" }));
    const learner = await createLearner({ task: "image", device: "cpu", assets: "/pkg", wasm, worker, workers: 2 });
    const { rows, cols } = await learner.embed(synthetic(), { stage: "frozen" });
    await learner[Symbol.asyncDispose]();
    const nowhere = await createLearner({ task: "image", assets: "/nowhere" }).catch((e) => e.code);
    return { rows, cols, made, nowhere };
  });
  assert.deepEqual(found, { rows: 2, cols: 1280, made: 3, nowhere: "worker-failed" });
});

test("closing is final, idempotent, and wakes who waits", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    const waiting = code(learner.add(await painted(20)));
    await learner.close();
    await learner.close();
    return { waiting: await waiting, after: await code(learner.samples()), embed: await code(learner.embed([])) };
  });
  assert.deepEqual(found, { waiting: "closed", after: "closed", embed: "closed" });
});

test("create, train, close ten times leaves nothing behind", async () => {
  await withPage(async (page) => {
    await page.evaluate(async () => Object.assign(globalThis, await import("/pkg/index.js")));
    const cdp = await page.context().newCDPSession(page);
    const heap = async () => {
      await cdp.send("HeapProfiler.collectGarbage");
      return (await cdp.send("Runtime.getHeapUsage")).usedSize;
    };
    const once = () =>
      page.evaluate(async () => {
        const learner = await createLearner({ task: "image", device: "cpu", workers: 2 });
        const canvas = new OffscreenCanvas(8, 8);
        const context = canvas.getContext("2d");
        for (let i = 0; i < 4; i++) {
          context.fillStyle = `rgb(${i * 60} 0 ${i % 2 ? 255 : 0})`;
          context.fillRect(0, 0, 8, 8);
          await learner.add([{ data: canvas, label: i % 2 ? "blue" : "red" }]);
        }
        for await (const event of learner.train({ head: "prototype" }));
        await learner.close();
      });
    await once();
    const before = await heap();
    for (let i = 0; i < 10; i++) await once();
    const grown = (await heap()) - before;
    assert.equal(page.workers().length, 0, "workers alive");
    assert.ok(grown < 500_000, `the heap grew by ${grown} bytes`);
  });
});

test("few shots of real garments", needsShared, async () => {
  const list = (part, each) => pictures("clothing10", part, { classes: ["dress", "hat", "pants", "shoes"], each });
  const accuracy = await inPage(
    async ({ train, test }) => {
      const learner = await createLearner({ task: "image", device: "cpu" });
      await learner.add(await fetched(train));
      await trained(learner);
      const report = await learner.evaluate({ samples: await fetched(test) });
      await learner.close();
      return report.accuracy.value;
    },
    { train: list("train", 8), test: list("test", 12) },
  );
  // 0.979 when this was written; four classes that are far apart.
  assert.ok(accuracy >= 0.9, `accuracy ${accuracy}`);
});
