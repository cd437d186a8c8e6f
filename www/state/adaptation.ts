// Making the model suit another domain: the samples from there, and what became of them.
import type { AdaptReport, Sample } from "headstart";
import { create } from "zustand";
import { asJob } from "./jobs";
import { forget } from "./predictions";
import { type Made, type Problem, get, learner, madeNow, realNames, say, sentence, set } from "./store";
import { nouns } from "./task";

/** A sample of the target domain. */
export interface Targeted {
  /** For messages. */
  readonly path: string;
  /** What its folder or its column says. */
  readonly label: string | null;
  readonly open: () => Promise<Blob | string>;
}

interface State {
  target: readonly Targeted[];
  /** Whether labels of the target may be used. */
  labels: boolean;
  report: AdaptReport | null;
  made: Made | null;
  problem: string | null;
}

export const useAdaptation = create<State>()(() => ({ target: [], labels: false, report: null, made: null, problem: null }));

const { getState: now, setState } = useAdaptation;

/** Of another target nothing is known yet; the model stays as it is. */
export function aim(target: readonly Targeted[]): void {
  setState({ target, labels: false, problem: null });
}

/** Labels that are classes of the model: a folder called "sketches" is none. How many samples have each. */
export function usable(target: readonly Targeted[], names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of target) if (label !== null && names.includes(label)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

export async function adapt(): Promise<void> {
  const { target, labels } = now();
  const names = labels ? realNames(get().classes) : [];
  const problems: Problem[] = [];
  async function* samples(): AsyncGenerator<Sample> {
    for (const { path, label, open } of target) {
      try {
        yield { data: await open(), name: path, ...(label !== null && names.includes(label) ? { label } : {}) };
      } catch (error) {
        problems.push({ name: path, code: "unreadable", message: sentence(error) });
      }
    }
  }
  const made = madeNow();
  setState({ report: null, problem: null });
  await asJob("adapt", "Adapting", "Adapting was stopped; nothing has changed.", async (signal, progress) => {
    let stretch = { pace: "", since: 0 };
    const onProgress = ({ stage, done, total }: { stage: string; done: number; total: number }) => {
      const pace = OWN_PACE.has(stage) ? stage : "fit";
      if (stretch.pace !== pace) stretch = { pace, since: performance.now() };
      progress({ done, total: stage === "adapt" ? target.length : total, since: stretch.since, title: STAGES[stage] ?? "Adapting" });
    };
    try {
      const report = await learner().adapt(samples(), { signal, onProgress });
      problems.push(...report.rejected.map(({ name, index, code, message }) => ({ name: name ?? String(index), code, message })));
      if (report.kept) take(report, made.revision);
      setState({ report, made });
      say(report.kept ? "The model now suits the other domain." : "Nothing was kept: the model is as it was.");
    } catch (error) {
      if (!signal.aborted) setState({ problem: sentence(error) });
      throw error;
    } finally {
      if (problems.length > 0) set({ problems: [...get().problems, ...problems] });
    }
  });
}

/** The model is another one, and what the one before it said is no longer its word. */
function take({ method }: AdaptReport, revision: number): void {
  set({ result: { ...get().result!, reason: `${method}, for the other domain` }, trainedAt: revision, adapted: true });
  forget();
}

const STAGES: Record<string, string> = {
  adapt: `Reading the ${nouns} from there`,
  "measure shift": "Measuring how different they are",
  "find cause": "Finding out what has changed",
  "try methods": "Trying what may help",
  "check on labels": "Checking on their labels",
  look: "Looking at some pictures again",
  "batch-norm": "Estimating batch norms anew",
};
/** The others are counted together. */
const OWN_PACE = new Set(["adapt", "look", "batch-norm"]);
