// The page is closed, crashes, or its whole browser dies at twenty random moments of importing, editing, training and fine-tuning. Opened
// again, everything is there that had been said to be done; of the step in hand all, nothing, or the part of an import that had come.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProfile } from "./profile.mjs";

const MOMENTS = 20;
/** In the order that they are done in. */
const STEPS = ["add", "edit", "train", "tune"];
/** Steps before the first closing. */
const ENOUGH = 6;
/** Milliseconds from a step's beginning to its closing, at most. */
const LONGEST = { add: 250, edit: 60, train: 250, tune: 1500 };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Of 0 to 1, the same in every run; the moments themselves differ with the machine's pace. */
const random = (i, salt) => {
  const x = Math.sin(12.9898 * (i + 1) + 78.233 * salt) * 43758.5453;
  return x - Math.floor(x);
};

test(`at ${MOMENTS} random moments nothing is lost but the step in hand`, { timeout: 600_000 }, async () => {
  /** What has been told to be done: labels by sample, and what the model said of three pictures. */
  const done = { labels: new Map(), said: null };
  /** The step that was begun: the labels that it was to leave, and whether it makes another model. */
  let hand = null;
  const steps = [];
  /** What was in hand when it was closed. */
  const cut = [];
  await withProfile(async ({ open, kill }) => {
    for (let moment = 0; moment <= MOMENTS; moment++) {
      const page = await open({
        setUp: (page) =>
          page.exposeFunction("told", (what) => {
            if (what.begins) {
              hand = what.begins;
              return;
            }
            for (const [id, label] of Object.entries(what.done)) label === null ? done.labels.delete(id) : done.labels.set(id, label);
            if (what.said) done.said = what.said;
            steps.push(hand.step);
            hand = null;
          }),
      });
      const there = await page.evaluate(resume);
      check(there, done, hand);
      done.labels = new Map(there.samples.map(({ id, label }) => [id, label]));
      done.said = there.said;
      hand = null;
      if (moment === MOMENTS) break;
      let failed;
      const target = STEPS[moment % STEPS.length];
      const work = page.evaluate(workOn, { moment, first: moment % STEPS.length }).catch((error) => {
        if (!/closed|crash|destroyed|detached/i.test(error.message)) failed = error;
      });
      // Each step comes to its end once; then it is cut short, each in its turn.
      while (!failed && (moment === 0 ? steps.length < ENOUGH || !STEPS.every((step) => steps.includes(step)) : hand?.step !== target)) await pause(5);
      await pause(LONGEST[target] * random(moment, 2));
      cut.push(hand?.step);
      if (moment % 5 === 4) await kill(page);
      else if (moment % 2 === 0) await page.close();
      else await Promise.race([page.goto("chrome://crash").catch(() => {}), pause(3000)]).then(() => page.close());
      await work;
      assert.ifError(failed);
    }
  });
  for (const step of ["add", "train", "tune"]) assert.ok(cut.filter((one) => one === step).length >= 2, `${step} was not cut short: ${cut.join()}`);
});

/** The sample ids that may or may not be there, and all else exactly as it was told. */
function check({ samples, said, whole }, done, hand) {
  const there = new Map(samples.map(({ id, label }) => [id, label]));
  const open = new Map(Object.entries(hand?.labels ?? {}));
  for (const [id, label] of done.labels) {
    const allowed = open.has(id) ? [label, open.get(id)] : [label];
    assert.ok(allowed.includes(there.get(id) ?? null), `${id} was ${label}, is ${there.get(id)}; in hand: ${hand?.step}`);
  }
  for (const [id, label] of there) if (!done.labels.has(id)) assert.equal(label, open.get(id), `${id} was never told to be in; in hand: ${hand?.step}`);
  assert.equal(whole, samples.length, "every sample has its picture");
  // An edit is all or nothing.
  if (hand?.step === "edit") {
    const moved = [...open].filter(([id, label]) => (there.get(id) ?? null) === label).length;
    assert.ok(moved === 0 || moved === open.size, `${moved} of ${open.size} were edited`);
  }
  assert.ok(said !== null || done.said === null, `the model is gone; in hand: ${hand?.step}`);
  if (done.said && hand?.step !== "train" && hand?.step !== "tune") {
    const apart = said.flatMap((scores, i) => Object.keys(done.said[i]).map((name) => Math.abs(scores[name] - done.said[i][name])));
    assert.ok(Math.max(...apart) < 1e-6, `predictions differ by ${Math.max(...apart)}`);
  }
}

/** In the page: opens the project, and tells what is there. */
async function resume() {
  globalThis.learner = await createLearner({ task: "image", device: "cpu", workers: 2, project: "killed" });
  globalThis.asked = [dot(0, 9001), dot(1, 9002), dot(0, 9003)];
  globalThis.say = async () => (learner.model ? (await learner.predict(asked)).map((p) => p.scores) : null);
  const samples = await learner.samples();
  const data = await learner.data(samples.map(({ id }) => id));
  const sizes = await Promise.all(data.map(async (blob) => (await blob.arrayBuffer()).byteLength));
  return { samples, said: await say(), whole: sizes.filter((size) => size > 0).length };
}

/** In the page: imports, edits, trains and fine-tunes, and tells before and after, until it ends. */
async function workOn({ moment, first }) {
  const step = async (step, labels, work, model = false) => {
    await told({ begins: { step, labels } });
    await work();
    await told({ done: labels, said: model ? await say() : null });
  };
  let given = 0;
  const fresh = (n) =>
    Array.from({ length: n }, () => {
      const i = 100 * moment + given++;
      return { data: dot(i % 2, i), label: i % 2 ? "right" : "left", id: `dot ${i}` };
    });
  const labelsOf = (samples) => Object.fromEntries(samples.map(({ id, label }) => [id, label]));
  const add = async () => {
    const samples = fresh(6);
    await step("add", labelsOf(samples), () => learner.add(samples));
  };
  const edit = async () => {
    const some = (await learner.samples()).slice(-8, -4).map(({ id }) => id);
    await step("edit", Object.fromEntries(some.map((id) => [id, "moved"])), () => learner.relabel(some, "moved"));
    const [one] = some;
    await step("edit", { [one]: null }, () => learner.remove([one]));
    await step("edit", { [one]: "moved" }, () => learner.undo());
  };
  const train = () => step("train", {}, () => trained(learner), true);
  const tune = () => step("tune", {}, () => tuned(learner, { epochs: 1, folds: 2, stages: 1 }), true);
  // Where there is too little to begin with.
  if ((await learner.samples()).length < 12) {
    await add();
    await add();
  }
  const steps = [add, edit, train, tune];
  for (let i = first; ; i++) await steps[i % 4]();
}
