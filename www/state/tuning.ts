// Fine-tuning: what it would take, the training while it goes on, and what its guard has said.
import type { FineTuneCost, FineTuneOptions, TrainEvent, TrainResult } from "headstart";
import { create } from "zustand";
import { asJob } from "./jobs";
import { evaluate } from "./model";
import { forget } from "./predictions";
import { type Made, get, learner, madeNow, say, sentence, set, total } from "./store";
import { nouns } from "./task";

/** Milliseconds between two drawings of the curves, which cost tens of them. */
const REDRAW = 500;
/** Of a part; more than that no line shows. */
const POINTS = 100;

/** `"default"`: what suits the number of texts. */
export type Method = "default" | NonNullable<FineTuneOptions["method"]>;

/** What of the part that is trained: its weights, or updates of a low rank that are added to them. */
export type Trains = "weights" | "lora";

export interface Choice {
  readonly stages: 1 | 2 | 3;
  readonly method: Method;
  readonly trains: Trains;
}

const RANK = 8;

/** One update of one of the trainings, or what its held-out samples lose after it. */
export interface TunePoint {
  readonly part: string;
  readonly step: number;
  readonly loss?: number;
  readonly guard?: number;
}

interface State {
  choice: Choice;
  /** With the choice and the samples that it is of: of others it says nothing. */
  cost: { of: Choice; made: Made; is: FineTuneCost } | null;
  curve: readonly TunePoint[];
  /** Whether the curve is of a training without labels. */
  blind: boolean;
  /** Pictures that could not be read again, a line each. */
  leftOut: string;
  outcome: TrainResult | null;
  /** What `outcome` was made from. */
  made: Made | null;
  /** Whether the backbone in use is a tuned one. */
  tuned: boolean;
  /** Why there is no cost, or no outcome. */
  problem: string | null;
}

export const useTuning = create<State>()(() => ({
  choice: { stages: 2, method: "default", trains: "weights" },
  cost: null,
  curve: [],
  blind: false,
  leftOut: "",
  outcome: null,
  made: null,
  tuned: false,
  problem: null,
}));

const { getState: now, setState } = useTuning;

export function choose(change: Partial<Choice>): void {
  setState({ choice: { ...now().choice, ...change } });
}

function options({ stages, method, trains }: Choice): FineTuneOptions {
  return { stages, ...(method === "default" ? {} : { method }), ...(trains === "lora" ? { lora: RANK } : {}) };
}

export async function measureCost(): Promise<void> {
  const [of, made] = [now().choice, madeNow()];
  setState({ cost: null, problem: null });
  await asJob("cost", `Measuring on a few ${nouns}`, "The measurement was stopped.", async (signal) => {
    const is = await learner().fineTuneCost({ ...options(of), signal }).catch(keepProblem(signal));
    setState({ cost: { of, made, is } });
    say("Measured what fine-tuning would take.");
  });
}

export async function tune(): Promise<void> {
  const { revision, jobs, classes, kind, learnt } = get();
  const made = madeNow();
  const known = total({ classes: classes.filter((c) => c.name !== "" && c.name !== learnt?.negative), kind });
  jobs.report?.stop();
  setState({ curve: [], blind: now().choice.method === "pretrain", leftOut: "", outcome: null, problem: null });
  let changed = false;
  await asJob("tune", "Fine-tuning", "Fine-tuning was stopped; nothing has changed.", async (signal, progress) => {
    const watched = new Watched(progress);
    const run = async () => {
      for await (const event of learner().fineTune({ ...options(now().choice), signal })) {
        if (event.type === "progress") watched.hear(event);
        else {
          watched.draw();
          // Stopped before anything could be chosen: the model is the one from before.
          changed = Object.keys(event.result.chosen).length > 0;
          setState({ outcome: event.result });
          // The report goes in a task of its own: both at once hold the page too long.
          await new Promise((resolve) => setTimeout(resolve));
          if (changed) take(event.result, revision, known, made);
          else say("Fine-tuning was stopped; nothing has changed.");
        }
      }
    };
    await run().catch(keepProblem(signal));
  });
  if (changed) await evaluate();
}

/** The model is another one, and what the one before it said is no longer its word. */
function take(result: TrainResult, revision: number, known: number, made: Made): void {
  const before = now().tuned;
  const { learnt, backbone } = get();
  setState({ tuned: result.kept });
  set({
    result: { ...result, reason: result.kept ? "the backbone’s last part was trained too" : "fine-tuning was rolled back" },
    learnt: { negative: learnt?.negative ?? null, known },
    report: null,
    trainedAt: revision,
    adapted: false,
    backbone: backbone + (result.kept || before ? 1 : 0),
  });
  setState({ made: { ...made, backbone: get().backbone } });
  forget();
  say(result.kept ? "The tuned backbone is kept." : `Fine-tuning was ${result.guard ? "rolled back" : "stopped"}: the model is a head on the frozen backbone.`);
}

/** A failure stays on show beside what it is about, not in the status line alone. */
function keepProblem(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    if (!signal.aborted) setState({ problem: sentence(error) });
    throw error;
  };
}

type Heard = TrainEvent & { type: "progress" };

/** The events of a fine-tuning: how far it is, and its curves. Parts may run beside each other, each in a worker. */
class Watched {
  #points: TunePoint[] = [];
  #steps = new Map<string, number>();
  #drawn = performance.now();
  #stretch = { total: -1, since: 0, done: 0 };

  constructor(private readonly progress: (p: { done: number; total: number; title: string; since: number }) => void) {}

  hear({ stage, done, total, loss, guard, note }: Heard): void {
    if (stage === "left out") setState({ leftOut: note ?? "" });
    if (stage === "left out" || stage === "stopped") return;
    const part = STAGES[stage] ?? capital(stage);
    if (loss !== undefined || guard !== undefined) this.#keep(part, loss, guard);
    // Each stretch has a pace of its own, and none goes backwards.
    if (total !== this.#stretch.total) this.#stretch = { total, since: performance.now(), done: 0 };
    // Of parts beside each other the face counts the one that speaks; a part that gave up has made fewer updates than it counts for.
    const updates = [...this.#steps.values()].reduce((sum, steps) => sum + steps, 0);
    this.#stretch.done = Math.max(this.#stretch.done, done, Math.min(updates, total));
    this.progress({ ...this.#stretch, title: part });
    if (performance.now() - this.#drawn > REDRAW) this.draw();
  }

  #keep(part: string, loss: number | undefined, guard: number | undefined): void {
    const step = this.#steps.get(part) ?? 0;
    const last = this.#points.findLastIndex((point) => point.part === part);
    // The held-out loss comes after the last update of a pass, which has been heard.
    if (guard !== undefined && last >= 0) {
      this.#points[last] = { ...this.#points[last]!, guard };
      return;
    }
    this.#points.push({ part, step: step + 1, loss, guard });
    this.#steps.set(part, step + 1);
  }

  draw(): void {
    this.#drawn = performance.now();
    const every = Math.ceil(Math.max(0, ...this.#steps.values()) / POINTS);
    setState({ curve: this.#points.filter(({ step, guard }) => guard !== undefined || step % every === 0) });
  }
}

const STAGES: Record<string, string> = {
  look: `Reading the ${nouns} again`,
  fit: "The head on the frozen backbone",
  pretrain: "Pretraining goes on",
  judge: "The guard decides",
};

/** Of a part of the guard; of the training on all samples, which comes after them, `null`. */
export function numberOf(part: string): number | null {
  const found = part.match(/\d+/);
  return found && Number(found[0]);
}

/** Those that ran beside each other come mixed. */
export function byPart(points: readonly TunePoint[]): [part: string, points: TunePoint[]][] {
  const place = ([part]: [string, unknown]) => numberOf(part) ?? Infinity;
  return [...Map.groupBy(points, (point) => point.part)].sort((a, b) => place(a) - place(b));
}

/** Words of the face begin a line here. */
function capital(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}`;
}
