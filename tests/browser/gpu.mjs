// WebGPU in Chromium, on SwiftShader: a real adapter in software, a second a picture. And the machines without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage, needsShared, pictures } from "./chromium.mjs";

test("WebGPU gives the original features of a synthetic picture", async () => {
  const found = await inPage(async () => {
    const warm = [];
    const onProgress = (p) => p.stage === "warm up" && warm.push(p.done / p.total);
    const learner = await createLearner({ task: "image", device: "webgpu", workers: 1, onProgress });
    const { data } = await learner.embed([synthetic()[0]]);
    const want = await tensor("/golden/synthetic_golden.safetensors", "feature");
    const { device } = learner;
    await learner.close();
    return { same: cosine(data, want.data.slice(0, 1280)), device, warm };
  });
  assert.ok(found.same >= 0.9999, String(found.same));
  assert.deepEqual([found.warm.length, found.warm.at(-1)], [18, 1]);
  assert.equal(found.device.kind, "webgpu");
  assert.notEqual(found.device.adapter, "");
});

test("an explanation on WebGPU is the CPU's", async () => {
  const [cpu, gpu] = await inPage(async () => {
    const samples = (await painted(2)).slice(0, 4);
    const explained = async (device) => {
      const learner = await createLearner({ task: "image", device, workers: 1 });
      await learner.add(samples);
      await trained(learner, { strength: 10 });
      const { label, heatmap } = await learner.explain(synthetic()[0]);
      await learner.close();
      return { label, cells: [...heatmap.data] };
    };
    return [await explained("cpu"), await explained("webgpu")];
  });
  assert.equal(gpu.label, cpu.label);
  assert.deepEqual([cpu.cells.length, gpu.cells.length], [49, 49]);
  const most = Math.max(...cpu.cells.map(Math.abs));
  assert.ok(most > 0 && cpu.cells.every((value, i) => Math.abs(value - gpu.cells[i]) < 0.02 * most), JSON.stringify([cpu.cells, gpu.cells]));
});

test("twelve pictures that were not trained on get the same labels on WebGPU as on the CPU", needsShared, async () => {
  const classes = ["hat", "pants", "shoes", "dress"];
  const [cpu, gpu] = await inPage(
    async ({ train, test }) => {
      const samples = await fetched(train);
      const others = (await fetched(test)).map((s) => s.data);
      const label = async (device) => {
        const learner = await createLearner({ task: "image", device, workers: 1 });
        await learner.add(samples);
        await trained(learner);
        const predictions = await learner.predict(others);
        const { data } = await learner.embed([others[0]]);
        await learner.close();
        return { labels: predictions.map((p) => p.label), row: [...data] };
      };
      const [cpu, gpu] = [await label("cpu"), await label("webgpu")];
      return [cpu, { ...gpu, same: cosine(cpu.row, gpu.row) }];
    },
    {
      train: pictures("clothing10", "train", { classes, each: 2 }),
      test: pictures("clothing10", "test", { classes, each: 3 }),
    },
  );
  assert.deepEqual(gpu.labels, cpu.labels);
  assert.ok(new Set(cpu.labels).size > 1);
  assert.ok(gpu.same > 0.99999, String(gpu.same));
});

/** In a worker: what it asks of its GPU, in order. `submit 51`: one submission, with 51 kernels; `ask`, `read`: for what came out. */
const listening = `
  let events;
  let kernels = 0;
  const before = (type, name, note) => {
    const original = type.prototype[name];
    type.prototype[name] = function (...given) {
      note();
      const result = original.apply(this, given);
      if (name === "mapAsync") result.then(() => events.push("read"));
      return result;
    };
  };
  before(GPUAdapter, "requestDevice", () => (events = []));
  before(GPUComputePassEncoder, "dispatchWorkgroups", () => kernels++);
  before(GPUQueue, "submit", () => (events.push("submit " + kernels), (kernels = 0)));
  before(GPUBuffer, "mapAsync", () => events.push("ask"));
  const channel = new BroadcastChannel("gpu");
  channel.onmessage = ({ data }) => data === "?" && events && channel.postMessage(events.splice(0));`;

/** What the GPU's worker was asked to do for each of `works`, after the kernels are compiled. */
const asked = (task, patch, works) =>
  inPage(
    async ({ task, patch, works }) => {
      const channel = new BroadcastChannel("gpu");
      const heard = () => new Promise((resolve) => ((channel.onmessage = ({ data }) => resolve(data)), channel.postMessage("?")));
      const learner = await createLearner({ task, device: "webgpu", workers: 1, worker: patchedWorker(patch) });
      await learner.embed(task === "image" ? [synthetic()[0]] : ["A first text"]);
      await heard();
      const events = [];
      for (const seeds of works) {
        const pictures = await Promise.all(seeds.map((seed) => paint([200, 30, 30], seed)));
        await learner.embed(task === "image" ? pictures : seeds.map((seed) => `Text number ${seed}`));
        events.push(await heard());
      }
      await learner.close();
      return events;
    },
    { task, patch, works },
  );

for (const [task, kernels] of [["image", 50], ["text", 51]]) {
  test(`${task}: all kernels of a batch are one submission, and its rows are read once`, async () => {
    const events = await asked(task, listening, [[1], [2]]);
    // The second submission has no kernels: it copies the rows to where they can be read.
    for (const batch of events) assert.deepEqual(batch, [`submit ${kernels}`, "submit 0", "ask", "read"]);
  });
}

test("the next batch is on its way to a real GPU before the first has been read", async () => {
  const real = `Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });`;
  const [events] = await asked("image", listening + real, [[1, 2, 3, 4]]);
  const kernels = events.flatMap((event, i) => (event === "submit 50" ? [i] : []));
  assert.ok(kernels.length > 1, JSON.stringify(events));
  assert.ok(kernels[1] < events.indexOf("read"), JSON.stringify(events));
});

test("auto moves to a GPU that is faster, works in batches there, and comes back when it is lost", async () => {
  const found = await inPage(async () => {
    // A GPU that seems quick: after the self-check's thirteen read-backs nothing is computed any more, and its worker's clock
    // runs slow. Its features are worthless; where they come from is what this test is about.
    const patch = `
      Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
      let device; let reads = 0;
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...a) {
        const now = performance.now.bind(performance);
        performance.now = () => now() / 1e4;
        return (device = await request.apply(this, a));
      };
      const map = GPUBuffer.prototype.mapAsync;
      GPUBuffer.prototype.mapAsync = function (...a) { reads++; return map.apply(this, a); };
      const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
      GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...a) { if (reads < 13) dispatch.apply(this, a); };
      const channel = new BroadcastChannel("gpu");
      channel.onmessage = ({ data }) => data === "lose" && device?.destroy();
      setInterval(() => device && channel.postMessage(reads), 20);`;
    const channel = new BroadcastChannel("gpu");
    let reads = 0;
    channel.onmessage = ({ data }) => (reads = data);
    const settled = () => new Promise((r) => setTimeout(r, 200));
    const learner = await createLearner({ task: "image", workers: 2, worker: patchedWorker(patch) });
    while (learner.device.reason.startsWith("starting")) await settled();
    const moved = learner.device;
    await settled();
    const before = reads;
    const there = await learner.add(await painted(12));
    await settled();
    const batches = reads - before;
    channel.postMessage("lose");
    await settled();
    const back = await learner.add(await painted(2, 50));
    await settled();
    const after = learner.device;
    await learner.close();
    return { moved, there: there.added.length, batches, back: back.added.length, after };
  });
  assert.equal(found.moved.kind, "webgpu", found.moved.reason);
  assert.match(found.moved.reason, /^[\d.]+ times as fast as the CPU here/);
  assert.equal(found.there, 24);
  assert.ok(found.batches > 0 && found.batches < 24, `${found.batches} read-backs for 24 pictures`);
  assert.equal(found.back, 4);
  assert.equal(found.after.kind, "cpu");
  assert.match(found.after.reason, /the GPU failed/);
});

test("auto stays on the CPU beside a software adapter, and says so", async () => {
  const device = await inPage(async () => {
    const learner = await createLearner({ task: "image", workers: 1 });
    while (learner.device.reason.startsWith("starting")) await new Promise((r) => setTimeout(r, 50));
    const { device } = learner;
    await learner.close();
    return device;
  });
  assert.equal(device.kind, "cpu");
  assert.match(device.reason, /software/);
});

test("auto times a GPU that calls itself real, and stays where it is faster", async () => {
  const found = await inPage(async () => {
    const patch = `Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });`;
    const warm = [];
    const onProgress = (p) => p.stage === "warm up" && warm.push(p.done / p.total);
    const learner = await createLearner({ task: "image", workers: 1, worker: patchedWorker(patch), onProgress });
    // Ready at once: the trial goes on behind, and is heard of.
    const before = warm.length;
    const { added } = await learner.add(await painted(1));
    while (learner.device.reason.startsWith("starting")) await new Promise((r) => setTimeout(r, 50));
    const { device } = learner;
    await learner.close();
    return { device, added: added.length, before, warm };
  });
  assert.equal(found.added, 2);
  assert.equal(found.device.kind, "cpu");
  assert.match(found.device.reason, /^[\d.]+ times as fast as the GPU here/);
  assert.deepEqual([found.before, found.warm.length, found.warm.at(-1)], [0, 18, 1]);
});

for (const [name, patch, why] of [
  ["no WebGPU", `Object.defineProperty(navigator, "gpu", { value: undefined });`, /no WebGPU/],
  ["no adapter", `GPU.prototype.requestAdapter = async () => null;`, /no adapter/],
  [
    "no timestamp-query",
    `Object.defineProperty(GPUAdapter.prototype, "features", { get: () => new Set() });`,
    /timestamp-query/,
  ],
]) {
  test(`${name}: "webgpu" is refused and "auto" runs on the CPU`, async () => {
    const found = await inPage(async (patch) => {
      const options = { task: "image", workers: 1, worker: patchedWorker(patch) };
      const refused = await createLearner({ ...options, device: "webgpu" }).catch((e) => [e.code, e.message]);
      const learner = await createLearner(options);
      while (learner.device.reason.startsWith("starting")) await new Promise((r) => setTimeout(r, 50));
      const { rows } = await learner.embed([synthetic()[0]]);
      const { device } = learner;
      await learner.close();
      return { refused, device, rows };
    }, patch);
    assert.equal(found.refused[0], "no-webgpu");
    assert.match(found.refused[1], why);
    assert.deepEqual([found.device.kind, found.rows], ["cpu", 1]);
    assert.match(found.device.reason, why);
  });
}

test("a GPU that computes nothing fails the self-check", async () => {
  const found = await inPage(() => {
    // What a shader that did not compile looks like from outside: the outputs stay as they were.
    const patch = `
      GPUComputePassEncoder.prototype.dispatchWorkgroups = function () {};`;
    const open = createLearner({ task: "image", device: "webgpu", workers: 1, worker: patchedWorker(patch) });
    return open.catch((e) => [e.code, e.message]);
  });
  assert.equal(found[0], "gpu-wrong");
  assert.match(found[1], /a product/);
});

test("a GPU error after the start ends the call with its code", async () => {
  const found = await inPage(async () => {
    const patch = `
      let device;
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...a) { return (device = await request.apply(this, a)); };
      new BroadcastChannel("gpu").onmessage = () => device?.destroy();`;
    const learner = await createLearner({ task: "image", device: "webgpu", workers: 1, worker: patchedWorker(patch) });
    new BroadcastChannel("gpu").postMessage("lose");
    await new Promise((r) => setTimeout(r, 200));
    const lost = await code(learner.add(await painted(1)));
    const samples = await learner.samples();
    await learner.close();
    return { lost, samples: samples.length };
  });
  assert.deepEqual(found, { lost: "gpu-lost", samples: 0 });
});
