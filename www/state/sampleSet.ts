// The project's own samples: drawings, made by scripts/drawings.mjs at build time, and sentences.
import sentences from "../samples/sentences.tsv?raw";
import others from "../samples/others.txt?raw";
import { create } from "zustand";
import type { Found } from "../intake/found";
import { takeIn, takeTexts } from "./samples";
import { learner } from "./store";
import { task } from "./task";
import { say, sentence } from "./store";

/** Whether they were taken, so that the page can offer others to try. */
export const useSampleSet = create<{ used: boolean }>()(() => ({ used: false }));

let next = 0;

export async function takeSampleSet(): Promise<void> {
  try {
    useSampleSet.setState({ used: true });
    if (task === "text") await takeTexts((await learner().importTexts(sentences)).samples);
    else await takeIn((await drawings("train.zip")) as (Found & { folder: string })[]);
  } catch (error) {
    say(sentence(error));
  }
}

/** A drawing that is not among those to train on; each time the next. */
export async function sampleToTry(): Promise<Found> {
  const all = await drawings("try.zip");
  return all[next++ % all.length]!;
}

/** The same of the sentences. */
export function sentenceToTry(): string {
  const all = others.trim().split("\n");
  return all[next++ % all.length]!;
}

async function drawings(file: string): Promise<Found[]> {
  const response = await fetch(new URL(`drawings/${file}`, document.baseURI));
  if (!response.ok) throw new Error(`The drawings are not on this server (drawings/${file} answered ${response.status}).`);
  const { fromZip } = await import("../intake/zip");
  return fromZip(await response.blob());
}
