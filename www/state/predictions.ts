// What the model says about pictures and texts it was not trained on.
import type { Explanation, Prediction } from "headstart";
import Papa from "papaparse";
import { create } from "zustand";
import { asJob } from "./jobs";
import { figure, shown } from "./labels";
import { noun, task } from "./task";
import { get, learner, say, sentence } from "./store";
import { count, percent } from "./words";

/** Something to predict. */
export interface Question {
  /** A text itself; a file with its folders: `a/1.png` and `b/1.png` are two. */
  readonly path: string;
  readonly open: () => Promise<Blob | string>;
}

export interface Judged {
  readonly id: number;
  readonly name: string;
  readonly file: Blob | null;
  readonly prediction: Prediction | null;
  /** Why there is no prediction. */
  readonly problem: string | null;
}

export const useJudged = create<{ single: Judged | null; batch: readonly Judged[] }>()(() => ({ single: null, batch: [] }));

/** Part of the known kind that may be refused by mistake, where "none of these" is an answer. */
const REJECT = 0.05;
/** With fewer samples so small a part cannot be promised, and the learner refuses nothing. */
export const NEEDED = Math.ceil(1 / REJECT) - 1;

/** Whether "none of these" is an answer. */
export const useRefuse = create<{ on: boolean }>()(() => ({ on: false }));

/** What `predict` is told about it. */
export function rejection(): { reject?: number } {
  return useRefuse.getState().on ? { reject: REJECT } : {};
}

/** What a prediction is shown as. */
export function called({ label }: Prediction): string {
  if (label === null) return "None of these";
  return typeof label === "number" ? figure(label) : shown(label);
}

/** How sure it is belongs to a class: of none of them there is nothing to be sure of. */
export function sureness({ label, confidence, interval }: Prediction): string {
  if (typeof label === "number") return interval ? `${figure(interval.low)} to ${figure(interval.high)}` : "";
  return label === null ? "" : percent(confidence);
}

export function inWords(prediction: Prediction): string {
  return [called(prediction), sureness(prediction)].filter((part) => part !== "").join(", ");
}

/** Whether the model answers with numbers: then there are no scores, not of what is refused either. */
export function isOfNumbers({ scores }: Prediction): boolean {
  return Object.keys(scores).length === 0;
}

/** What an explanation is about, in words. */
export function explainedAs(answer: Prediction, { label }: Explanation): string {
  return isOfNumbers(answer) ? figure(Number(label)) : label;
}

/** Questions on their way at once: enough that no worker waits. */
const AT_ONCE = task === "text" ? 256 : 8;

/** The latest of each: an earlier one that answers late is not heard. One picture takes nothing from a folder on its way. */
const latest = { single: 0, batch: 0 };
/** What the answers on show are to. */
let asked: { single: Question | null; batch: readonly Question[] } = { single: null, batch: [] };

/** Asks again what was asked, with or without "none of these" as an answer. */
export async function refuse(on: boolean): Promise<void> {
  useRefuse.setState({ on });
  const { single, batch } = asked;
  if (single) await tryOn(single);
  // Someone may have asked something else by now.
  if (batch.length > 0 && batch === asked.batch) await tryAll(batch);
}

export function forget(): void {
  latest.single++;
  latest.batch++;
  get().jobs.batch?.stop();
  asked = { single: null, batch: [] };
  useJudged.setState({ single: null, batch: [] });
}

export async function tryOn(found: Question): Promise<void> {
  const turn = ++latest.single;
  asked = { ...asked, single: found };
  const single = await judge(found, 0);
  if (turn !== latest.single) return;
  useJudged.setState({ single });
  const { prediction } = single;
  const name = task === "text" ? "This text" : found.path.split("/").at(-1);
  say(prediction ? `${name}: ${inWords(prediction)}.` : `${name}: ${single.problem}`);
}

export async function tryAll(found: readonly Question[]): Promise<void> {
  get().jobs.batch?.stop();
  const turn = ++latest.batch;
  asked = { ...asked, batch: found };
  useJudged.setState({ batch: [] });
  const batch: Judged[] = [];
  const stopped = "Stopped. What was predicted so far is kept.";
  await asJob("batch", "Predicting", stopped, async (signal, progress) => {
    let next = 0;
    // One call for each: a broken one must not lose the others.
    const lane = async () => {
      while (next < found.length) {
        const i = next++;
        const judged = await judge(found[i]!, i, signal);
        signal.throwIfAborted();
        batch.push(judged);
        progress({ done: batch.length, total: found.length });
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
    } finally {
      if (turn === latest.batch) useJudged.setState({ batch: [...batch].sort((a, b) => a.id - b.id) });
    }
    const lost = batch.filter((b) => b.problem !== null).length;
    if (turn === latest.batch) say(`${count(batch.length - lost, noun)} predicted${lost > 0 ? `, ${lost} could not be read` : ""}.`);
  });
}

async function judge({ path: name, open }: Question, id: number, signal?: AbortSignal): Promise<Judged> {
  let file: Blob | null = null;
  try {
    const content = await open();
    if (content instanceof Blob) file = content;
    const [prediction] = await learner().predict([content], { signal, ...rejection() });
    return { id, name, file, prediction: prediction!, problem: null };
  } catch (error) {
    // The name says which one it was.
    return { id, name, file, prediction: null, problem: sentence(error).replace(/^item 0: /, "") };
  }
}

/** One line a picture or text: what it is, label (none where it is none of the classes; several with ; between), confidence, of numbers the range, novelty, error, and the score of every class. */
export function asCsv(batch: readonly Judged[]): Blob {
  const labels = Object.keys(batch.find((b) => b.prediction)?.prediction?.scores ?? {});
  const range = batch.some((b) => b.prediction?.interval) ? ["low", "high"] : [];
  const fields = [task === "text" ? "text" : "file", "label", "confidence", ...range, "novelty", "error", ...labels.map((label) => `score: ${label}`)];
  const data = batch.map(({ name, prediction: p, problem }) => [
    name,
    Array.isArray(p?.label) ? p.label.join("; ") : (p?.label ?? ""),
    p?.confidence ?? "",
    ...(range.length > 0 ? [p?.interval?.low ?? "", p?.interval?.high ?? ""] : []),
    p?.novelty ?? "",
    problem ?? "",
    ...labels.map((label) => p?.scores[label] ?? ""),
  ]);
  // A name that begins with = would be run as a formula by a spreadsheet.
  const text = Papa.unparse({ fields, data }, { escapeFormulae: true, newline: "\r\n" });
  return new Blob([text], { type: "text/csv" });
}
