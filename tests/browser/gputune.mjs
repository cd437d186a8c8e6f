// Fine-tuning on WebGPU in Chromium, on SwiftShader, beside the same on the CPU. A training checks its GPU itself before it begins:
// the gradient of every tensor, and steps of the optimiser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage } from "./chromium.mjs";

/** The same fine-tuning on both, one core: what is heard of it, its result, and what the tuned backbone makes of a sample. */
const onBoth = (task, options) =>
  inPage(
    async ({ task, options }) => {
      const words = { fruit: ["apple", "pear", "plum", "fig"], tool: ["hammer", "saw", "drill", "rasp"] };
      const texts = Object.entries(words).flatMap(([label, all]) => all.map((word) => ({ data: `my ${word}`, label })));
      const one = async (device) => {
        const learner = await createLearner({ task, device, workers: 1 });
        await learner.add(task === "text" ? texts : dots(2));
        if (options.method === "pretrain") await learner.add(["a", "her", "one long and heavy", "no"].flatMap((which) => Object.values(words).flat().map((word) => ({ data: `${which} ${word}` }))));
        const start = performance.now();
        const events = await tuned(learner, options);
        const seconds = (performance.now() - start) / 1000;
        const data = task === "text" ? ["my chisel"] : [dot(1, 901)];
        const rows = { now: await learner.embed(data), frozen: await learner.embed(data, { stage: "frozen" }) };
        const { result } = events.at(-1);
        await learner.close();
        const numbers = events.flatMap(({ loss, guard }) => [loss, guard]).filter((v) => v !== undefined);
        const notes = events.flatMap(({ note }) => note ?? []);
        return { seconds, numbers, notes, result, now: [...rows.now.data], frozen: [...rows.frozen.data] };
      };
      return { cpu: await one("cpu"), gpu: await one("webgpu") };
    },
    { task, options },
  );

const cosine = (a, b) => {
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

// At rates that the guard is clear about: of eight texts a gain of next to nothing is kept by one rounding and not by the other.
for (const [task, options] of [
  ["text", { stages: 2, epochs: 2, folds: 2, rate: 0.01, method: "cross-entropy" }],
  ["text", { stages: 1, epochs: 2, folds: 2, rate: 0.02, method: "contrastive" }],
  ["text", { stages: 1, epochs: 2, folds: 2, rate: 0.01, method: "pretrain", lora: 4 }],
  ["image", { stages: 1, epochs: 1, folds: 2 }],
]) {
  test(`${task}, ${options.method ?? "cross-entropy"}${options.lora ? ", low-rank updates" : ""}, ${options.stages} stages: WebGPU trains as the CPU does`, async (t) => {
    const { cpu, gpu } = await onBoth(task, options);
    t.diagnostic(`${cpu.seconds.toFixed(1)} s on the CPU, ${gpu.seconds.toFixed(1)} s on SwiftShader`);
    assert.ok(gpu.notes.some((note) => note.endsWith("on WebGPU")), gpu.notes.join("\n"));
    assert.ok(cpu.numbers.length >= (options.method === "pretrain" ? 1 : 2 * options.folds) * options.epochs, String(cpu.numbers.length));
    assert.equal(gpu.numbers.length, cpu.numbers.length);
    const off = cpu.numbers.map((want, i) => Math.abs(gpu.numbers[i] - want) / Math.max(1e-3, Math.abs(want)));
    assert.ok(Math.max(...off) < 5e-3, JSON.stringify([cpu.numbers, gpu.numbers]));
    assert.equal(gpu.result.kept, cpu.result.kept, JSON.stringify([cpu.result, gpu.result]));
    assert.ok(cosine(cpu.now, gpu.now) > 0.9999, String(cosine(cpu.now, gpu.now)));
    assert.equal(1 - cosine(gpu.now, gpu.frozen) > 1e-6, gpu.result.kept, "a backbone that was kept gives other features");
  });
}

/** Where stages are trained, nothing is computed after the self-check of what extracts, and its thirteen read-backs. */
const broken = `
  let role;
  addEventListener("message", ({ data }) => (role = data.role), { once: true });
  let reads = 0;
  const map = GPUBuffer.prototype.mapAsync;
  GPUBuffer.prototype.mapAsync = function (...a) { reads++; return map.apply(this, a); };
  const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...a) { if (role !== "tuner" || reads < 13) dispatch.apply(this, a); };`;

test("a GPU whose gradients are wrong is refused, and nothing has changed", async () => {
  const seen = await inPage(async (patch) => {
    const learner = await createLearner({ task: "text", device: "webgpu", workers: 1, worker: patchedWorker(patch) });
    await learner.add(["a", "b", "c", "d", "e", "f"].map((data, i) => ({ data, label: i % 2 ? "odd" : "even" })));
    const refused = await tuned(learner, { stages: 1, epochs: 1, folds: 2 }).catch((error) => [error.code, error.message]);
    const samples = await learner.samples();
    await learner.close();
    return { refused, samples: samples.length };
  }, broken);
  assert.equal(seen.refused[0], "gpu-wrong", JSON.stringify(seen.refused));
  assert.equal(seen.samples, 6);
});

test("auto trains on the CPU where the GPU it extracts with gets gradients wrong, and says so", async () => {
  const seen = await inPage(async (broken) => {
    // A GPU that seems real, and quick: its worker's clock runs slow.
    const patch = `
      Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
      const request = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = function (...a) {
        const now = performance.now.bind(performance);
        performance.now = () => now() / 1e4;
        return request.apply(this, a);
      };`;
    const learner = await createLearner({ task: "text", workers: 1, worker: patchedWorker(patch + broken) });
    while (learner.device.reason.startsWith("starting")) await new Promise((r) => setTimeout(r, 100));
    const { device } = learner;
    await learner.add(["a", "b", "c", "d", "e", "f"].map((data, i) => ({ data, label: i % 2 ? "odd" : "even" })));
    const events = await tuned(learner, { stages: 1, epochs: 1, folds: 2 });
    await learner.close();
    return { device: device.kind, notes: events.flatMap(({ note }) => note ?? []), last: events.at(-1) };
  }, broken);
  assert.equal(seen.device, "webgpu");
  assert.ok(seen.notes.some((note) => /on the CPU \(the GPU failed: this GPU computes/.test(note)), seen.notes.join("\n"));
  assert.equal(seen.last.type, "done");
});
