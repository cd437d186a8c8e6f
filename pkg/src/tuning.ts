// A fine-tuning from the learner's side: who computes what, in which order, and what becomes of it.
import type { FineTuneCost, Progress, TrainEvent, TrainResult } from "../index";
import { HeadstartError, brokeDown, toHeadstartError } from "./errors";
import type { Session } from "./generated/headstart_learner.js";
import type { TunerHand } from "./hand";
import type { Boundary } from "./protocol";

/** What a fine-tuning needs of the learner. */
export interface Host {
  session: Session;
  text: boolean;
  device: FineTuneCost["device"];
  /** That, as a note of progress ends with it. */
  where: string;
  /** Cores to train on. */
  workers: number;
  /** `asTuned`: its stages begin as they were fine-tuned, where they were. */
  spawn(stages: number, asTuned?: boolean): Promise<TunerHand>;
  retire(hand: TunerHand): Promise<void>;
  /** A sample's picture again, as the backbone reads it. Errors: `unreadable`, and what a picture can lack. */
  pixels(content: string, signal: AbortSignal): Promise<Uint8Array>;
  tokens(content: string): Uint32Array;
  /** Of a sample's content, for messages. */
  nameOf(content: string): string;
  /** Brings the session to the end of its job, with progress. */
  finish<T>(heard: (progress: Progress) => Promise<void>): Promise<T>;
}

export interface Recipe {
  stages?: number;
  memory?: number;
  [name: string]: unknown;
}

/** A picture's views: as it is, mirrored, and a part of it both ways. */
const VIEWS = 4;
/** As `TuneRecipe` in Rust. */
const STAGES = 2;
const MEMORY = 512 * 2 ** 20;
/** Bytes of a picture where the last 1, 2, 3 stages begin, as f16. */
const PICTURE = [2 * 7 * 7 * 192, 2 * 14 * 14 * 112, 2 * 14 * 14 * 80];
/** Of a token. */
const TOKEN = 2 * 384;
/** Of a sample's features. */
const FEATURES = { picture: 4 * 1280, text: 4 * 384 };
/** Samples that a cost is measured on. */
const MEASURED = 8;

interface Plan {
  contents: string[];
  /** Of the guard. */
  trainings: number;
  /** Whether the one of the guard is that of all samples too: it sees no labels. */
  blind: boolean;
}

/** Trainings, those of the guard and the last. */
const allOf = (parts: number, blind: boolean) => (blind ? 1 : parts + 1);

/** Views and workers that fit into the memory. Errors: `bad-option`, naming both sizes. */
function fit({ text, workers }: Host, perView: number, samples: number, parts: number, memory: number): { views: number; hands: number; bytes: number } {
  const most = text ? 1 : VIEWS;
  // A worker makes them of all samples, and those of each part are kept for the guard.
  const features = samples * (text ? FEATURES.text : FEATURES.picture);
  const bytes = (views: number, hands: number) => hands * (perView * views + features) + parts * features;
  for (const views of [most, 2, 1].filter((views) => views <= most)) {
    // The last training has all samples; those of the guard run beside each other.
    const hands = Math.min(workers, parts, Math.floor((memory - parts * features) / Math.max(perView * views + features, 1)));
    if (hands >= Math.min(workers, parts) || (views <= 2 && hands >= 1)) return { views, hands, bytes: bytes(views, hands) };
  }
  const mb = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`;
  const why = `fine-tuning ${samples} samples needs ${mb(bytes(1, 1))} at least, and \`memory\` is ${mb(memory)}; raise it, use fewer stages or fewer samples`;
  throw new HeadstartError("bad-option", why, "memory");
}

/** Where the trained stages begin, of all samples, by all hands, for those in `keep`. → the contents that could not be read again, with why. */
export async function feed(host: Host, hands: TunerHand[], keep: TunerHand[], contents: string[], views: number, signal: AbortSignal, heard: (done: number) => Promise<void>): Promise<Map<string, Error>> {
  const failed = new Map<string, Error>();
  let next = 0;
  let done = 0;
  const boundaries: (Boundary | undefined)[] = [];
  let pushed = 0;
  // In order, without those that failed: a sample's number is its place among the others.
  let place = 0;
  const lane = async (hand: TunerHand) => {
    for (;;) {
      signal.throwIfAborted();
      const i = next++;
      if (i >= contents.length) return;
      const content = contents[i]!;
      try {
        boundaries[i] = host.text ? await hand.text(host.tokens(content)) : await hand.picture(await host.pixels(content, signal), views, i);
      } catch (error) {
        signal.throwIfAborted();
        if (brokeDown(error)) throw error;
        failed.set(content, toHeadstartError(error));
      }
      done++;
      while (pushed < contents.length && (boundaries[pushed] || failed.has(contents[pushed]!))) {
        const boundary = boundaries[pushed];
        boundaries[pushed++] = undefined;
        if (!boundary) continue;
        const sample = place++;
        await Promise.all(keep.map((hand) => hand.push(sample, boundary)));
      }
      await heard(done);
    }
  };
  await Promise.all(hands.map(lane));
  return failed;
}

export interface Outcome {
  result: Omit<TrainResult, "seconds">;
  /** The tuned tensors, where they are kept. */
  file?: Uint8Array;
}

/** The whole of it. `stopped`: says whether an abort is to end it with what there is, or to leave everything as it was. */
export async function fineTune(host: Host, recipe: Recipe, signal: AbortSignal, emit: (event: TrainEvent) => Promise<void>, stopped: () => Promise<boolean>): Promise<Outcome> {
  const { session } = host;
  const heard = (progress: Progress) => emit({ type: "progress", ...progress });
  const hands: TunerHand[] = [];
  let ready = false;
  const rollBack = (why: string): Outcome => ({ result: session.finishTuning(undefined, undefined, why) });
  try {
    const plan = async (skip: string[]): Promise<Plan> => {
      session.startTuning(recipe, skip);
      return host.finish<Plan>(heard);
    };
    let { contents, trainings: parts, blind } = await plan([]);
    const stages = recipe.stages ?? STAGES;
    const perView = host.text
      ? contents.reduce((sum, content) => sum + TOKEN * host.tokens(content).length, 0)
      : contents.length * PICTURE[stages - 1]!;
    const { views, hands: count, bytes } = fit(host, perView, contents.length, parts, recipe.memory ?? MEMORY);
    const trainings = allOf(parts, blind);
    const note = `${contents.length} samples, ${trainings === 1 ? "1 training" : `${trainings} trainings`}, up to ${Math.ceil(bytes / 2 ** 20)} MB${host.where}`;
    await heard({ stage: "look", done: 0, total: contents.length, note });
    hands.push(...(await Promise.all(Array.from({ length: count }, () => host.spawn(stages)))));
    const failed = await feed(host, hands, hands, contents, views, signal, (done) => heard({ stage: "look", done, total: contents.length }));
    if (failed.size > 0) {
      const names = [...failed].map(([content, error]) => `${host.nameOf(content)}: ${error.message}`);
      await heard({ stage: "left out", done: failed.size, total: contents.length, note: names.join("\n") });
      ({ contents, trainings: parts } = await plan([...failed.keys()]));
    }
    ready = true;
    const queue = Array.from({ length: parts }, (_, fold) => fold);
    // How far each training is, as a part of it: what is shown is how far all are together.
    const far = Array<number>(allOf(parts, blind)).fill(0);
    const train = async (hand: TunerHand, fold: number | undefined, stage: string): Promise<void> => {
      await hand.start(session.tuneJob(fold));
      for (;;) {
        signal.throwIfAborted();
        const now = await hand.step();
        if (!now) break;
        if (now.stage !== "tune") continue;
        far[fold ?? parts] = now.done / now.total;
        const total = far.length * now.total;
        await heard({ ...now, stage, done: Math.round(far.reduce((a, b) => a + b) * now.total), total });
      }
      far[fold ?? parts] = 1;
    };
    const lane = async (hand: TunerHand) => {
      for (let fold = queue.shift(); fold !== undefined; fold = queue.shift()) {
        await train(hand, fold, blind ? "pretrain" : `guard, part ${fold + 1} of ${parts}`);
        const { features, rest } = await hand.outcome();
        session.takeFold(fold, features, rest);
      }
    };
    await Promise.all(hands.map(lane));
    let guarded: { kept: boolean } | undefined;
    while (!guarded) {
      guarded = session.decide();
      await heard({ stage: "judge", done: 0, total: 1 });
      signal.throwIfAborted();
    }
    if (!guarded.kept) return rollBack("");
    // The others' memory goes back.
    await Promise.all(hands.splice(1).map((hand) => host.retire(hand)));
    const [hand] = hands as [TunerHand];
    if (!blind) await train(hand, undefined, "all samples");
    const [{ features, rest }, file] = await Promise.all([hand.outcome(), hand.file()]);
    return { result: session.finishTuning(features, rest, ""), file };
  } catch (error) {
    if (!signal.aborted || !(await stopped())) throw error;
    const why = "Fine-tuning was stopped before its guard could say that it helps";
    if (ready) return rollBack(why);
    return { result: { head: "linear", kept: false, reason: `${why}: nothing has changed.`, chosen: {} } };
  } finally {
    await Promise.all(hands.map((hand) => host.retire(hand)));
  }
}

/** Measured on a few samples, and told of all. */
export async function fineTuneCost(host: Host, recipe: Recipe, signal: AbortSignal): Promise<FineTuneCost> {
  const { session } = host;
  session.startTuning(recipe, []);
  const { contents, trainings: parts, blind } = await host.finish<Plan>(async () => {});
  const stages = recipe.stages ?? STAGES;
  const hand = await host.spawn(stages);
  try {
    const rows = contents.map((_, i) => i).filter((i) => i % Math.ceil(contents.length / MEASURED) === 0);
    const some = rows.map((i) => contents[i]!);
    const start = performance.now();
    const failed = await feed(host, [hand], [hand], some, 1, signal, async () => {});
    const looked = (performance.now() - start) / 1000 / some.length;
    const readable = rows.filter((i) => !failed.has(contents[i]!));
    if (readable.length === 0) throw [...failed.values()][0];
    await hand.start(session.costJob(readable));
    const begun = performance.now();
    for (let now = await hand.step(); now && !(now.stage === "tune" && now.done === now.total); now = await hand.step()) signal.throwIfAborted();
    const trained = (performance.now() - begun) / 1000 / readable.length;
    const perView = host.text
      ? contents.reduce((sum, content) => sum + TOKEN * host.tokens(content).length, 0)
      : contents.length * PICTURE[stages - 1]!;
    const { views, hands, bytes } = fit(host, perView, contents.length, parts, recipe.memory ?? MEMORY);
    const rounds = Math.ceil(parts / hands) * (1 - 1 / parts) + 1;
    const { epochs, train } = session.tuneJob(undefined) as { epochs: number; train: number[] };
    const seconds = (contents.length * looked * views) / hands + rounds * train.length * epochs * trained;
    return { seconds, bytes, samples: contents.length, epochs, trainings: allOf(parts, blind), secondsPerSample: trained, device: host.device };
  } finally {
    await host.retire(hand);
  }
}
