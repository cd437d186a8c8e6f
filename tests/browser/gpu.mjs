// WebGPU in Chromium, on SwiftShader: a real adapter in software, five seconds a picture. And the machines without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage, needsShared, pictures } from "./chromium.mjs";

test("WebGPU gives the original features of a synthetic picture", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "webgpu", workers: 1 });
    const { data } = await learner.embed([synthetic()[0]]);
    const want = await tensor("/golden/synthetic_golden.safetensors", "feature");
    const { device } = learner;
    await learner.close();
    return { same: cosine(data, want.data.slice(0, 1280)), device };
  });
  assert.ok(found.same >= 0.9999, String(found.same));
  assert.equal(found.device.kind, "webgpu");
  assert.notEqual(found.device.adapter, "");
});

test("twelve pictures get the same labels on WebGPU as on the CPU", needsShared, async () => {
  const list = pictures("clothing10", "train", { classes: ["hat", "pants", "shoes", "dress"], each: 3 });
  const [cpu, gpu] = await inPage(async (list) => {
    const samples = await fetched(list);
    const label = async (device) => {
      const learner = await createLearner({ task: "image", device, workers: 1 });
      await learner.add(samples);
      await trained(learner);
      const predictions = await learner.predict(samples.map((s) => s.data));
      const { data } = await learner.embed([samples[0].data]);
      await learner.close();
      return { labels: predictions.map((p) => p.label), row: [...data] };
    };
    const [cpu, gpu] = [await label("cpu"), await label("webgpu")];
    return [cpu, { ...gpu, same: cosine(cpu.row, gpu.row) }];
  }, list);
  assert.deepEqual(gpu.labels, cpu.labels);
  assert.ok(gpu.same > 0.99999, String(gpu.same));
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
    const learner = await createLearner({ task: "image", workers: 1, worker: patchedWorker(patch) });
    // Ready at once: the trial goes on behind.
    const { added } = await learner.add(await painted(1));
    while (learner.device.reason.startsWith("starting")) await new Promise((r) => setTimeout(r, 50));
    const { device } = learner;
    await learner.close();
    return { device, added: added.length };
  });
  assert.equal(found.added, 2);
  assert.equal(found.device.kind, "cpu");
  assert.match(found.device.reason, /^[\d.]+ times as fast as the GPU here/);
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
  assert.match(found[1], /convolution/);
});

test("a GPU error after the start ends the call with its code", async () => {
  const found = await inPage(async () => {
    // The self-check reads back five times; the device is gone before the first picture is.
    const patch = `
      let device; let reads = 0;
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...a) { return (device = await request.apply(this, a)); };
      const map = GPUBuffer.prototype.mapAsync;
      GPUBuffer.prototype.mapAsync = function (...a) { if (++reads > 5) device.destroy(); return map.apply(this, a); };`;
    const learner = await createLearner({ task: "image", device: "webgpu", workers: 1, worker: patchedWorker(patch) });
    const lost = await code(learner.add(await painted(1)));
    const samples = await learner.samples();
    await learner.close();
    return { lost, samples: samples.length };
  });
  assert.deepEqual(found, { lost: "gpu-lost", samples: 0 });
});
