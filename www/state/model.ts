// Training, and the report that follows it.
import type { NumberReport, Report, TrainOptions } from "headstart";
import { asJob } from "./jobs";
import { forget, useRefuse } from "./predictions";
import { nouns } from "./task";
import { type CurvePoint, get, learner, say, sentence, set, total } from "./store";

/** Milliseconds between two drawings of the curve, which cost tens of them. */
const REDRAW = 500;
const POINTS = 200;

export type Head = NonNullable<TrainOptions["head"]>;

/** `negative`: a class whose samples are of no kind. */
export async function train(head: Head, negative: string | null): Promise<void> {
  const curve: CurvePoint[] = [];
  let drawn = performance.now();
  const { jobs, revision, result, classes, kind } = get();
  const learnt = { negative, known: total({ classes: classes.filter((c) => c.name !== "" && c.name !== negative), kind }) };
  jobs.report?.stop();
  set({ curve: [] });
  const stopped = result ? "Training was stopped; the model is the one from before." : "Training was stopped.";
  const done = await asJob("train", "Training", stopped, async (signal, progress) => {
    for await (const event of learner().train({ head, signal, ...(negative === null ? {} : { negative }) })) {
      if (event.type === "done") {
        set({ result: event.result, learnt, report: null, trainedAt: revision, adapted: false, curve: thinned(curve) });
        // What the model before it said is no longer its word.
        forget();
        // Who has a class for it wants to hear it.
        if (negative !== null) useRefuse.setState({ on: true });
        say("Trained. Try it, or read the report.");
        continue;
      }
      const { done, total, loss, guard } = event;
      // Before the first fit there is none.
      if (loss !== undefined || guard !== undefined) curve.push({ step: curve.length + 1, loss, guard });
      progress({ done, total });
      if (performance.now() - drawn > REDRAW) {
        drawn = performance.now();
        set({ curve: thinned(curve) });
      }
    }
  });
  if (done) await evaluate();
}

/** Every so many points, and all that have a held-out loss among the kept. */
function thinned(curve: readonly CurvePoint[]): CurvePoint[] {
  const every = Math.ceil(curve.length / POINTS);
  return curve.filter((point, i) => i % every === 0 || (point.guard !== undefined && every < 8));
}

export async function evaluate(): Promise<void> {
  await asJob("report", `Checking on held-out ${nouns}`, "The check was stopped.", async (signal, progress) => {
    set({ unreported: null });
    try {
      // The types know no kind of label here; the report says its own.
      set({ report: (await learner().evaluate({ signal, onProgress: progress })) as Report | NumberReport });
    } catch (error) {
      if (!signal.aborted) set({ unreported: sentence(error) });
      throw error;
    }
  });
}
