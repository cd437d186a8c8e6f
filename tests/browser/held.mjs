// States that pass too quickly to be looked at, or take too long to reach: the real learner, whose calls wait where a test
// holds them, and abort there like any other; and answers that a test gives in its place.
import { said } from "./visit.mjs";

/** Reloads the page with a learner that can be held. */
export async function withHeldLearner(page) {
  await page.route("**/headstart/index.js", (route) => route.fulfill({ contentType: "text/javascript", body: SOURCE }));
  await page.reload();
  await said(page, "Ready");
}

/** From now on calls of this name wait, a third of the way. */
export const hold = (page, name) => page.evaluate((name) => globalThis.hold(name), name);
/** Later calls of this name go through; `waiting` says whether those that wait may go on too. */
export const letGo = (page, name, { waiting = true } = {}) => page.evaluate(([name, waiting]) => globalThis.letGo(name, waiting), [name, waiting]);

/** From now on calls of this name are answered so: an error has a `code`. For `fineTune` `events` come before the `result`, and `stopped` comes in its place after an abort. */
export const answer = (page, name, script) => page.evaluate(([name, script]) => globalThis.answers.set(name, script), [name, script]);

const SOURCE = `
  import { createLearner as real, HeadstartError } from "./index.js?real";
  export * from "./index.js?real";
  const gates = new Map();
  const opened = new Map();
  globalThis.hold = (name) => {
    const gate = opened.has(name) ? opened.get(name) : Promise.withResolvers();
    opened.delete(name);
    gates.set(name, gate);
  };
  globalThis.letGo = (name, waiting) => {
    const gate = gates.get(name) ?? opened.get(name);
    gates.delete(name);
    if (waiting) { gate?.resolve(); opened.delete(name); } else opened.set(name, gate);
  };
  const pass = (gate, signal) => gate && Promise.race([gate.promise, new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))]);
  async function* train(learner, options) {
    const gate = gates.get("train");
    if (gate) for (let step = 1; step <= 10; step++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      yield { type: "progress", stage: "fit", done: step, total: 30, loss: 1 / step, guard: step % 5 === 0 ? 1.2 / step : undefined };
    }
    await pass(gate, options.signal);
    yield* learner.train(options);
  }
  globalThis.answers = new Map();
  async function* fineTune(learner, options) {
    const script = globalThis.answers.get("fineTune");
    if (!script) return yield* learner.fineTune(options);
    for (const event of script.events) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      yield { type: "progress", ...event };
    }
    try {
      await pass(gates.get("fineTune"), options.signal);
    } catch {
      return yield { type: "done", result: script.stopped };
    }
    yield { type: "done", result: script.result };
  }
  export async function createLearner(options) {
    const learner = await real(options);
    return new Proxy(learner, {
      get(_, name) {
        const value = learner[name];
        if (typeof value !== "function") return value;
        if (name === "train") return (given) => train(learner, given);
        if (name === "fineTune") return (given) => fineTune(learner, given);
        return async (...given) => {
          const gate = gates.get(name);
          if (gate) {
            const { onProgress, signal } = given.at(-1) ?? {};
            onProgress?.({ stage: "held", done: 1, total: 3 });
            await pass(gate, signal);
          }
          const answer = globalThis.answers.get(name);
          if (answer?.code) throw new HeadstartError(answer.code, answer.message);
          return answer ?? value.apply(learner, given);
        };
      },
    });
  }`;
