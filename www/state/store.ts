// What the page shows. Actions beside this file change it; panels read it.
import type { Label, Learner, NumberReport, ProjectState, Report, TrainResult } from "headstart";
import { create } from "zustand";
import { type Kind, NONE_OF_THEM } from "./labels";

/** A sample as the page lists it. */
export interface Member {
  readonly id: string;
  readonly name: string;
  /** As the learner has it; `null` while it waits for one. */
  readonly given: Label | null;
  /** The same in words, empty while it waits. */
  readonly label: string;
  /** The classes that it is listed under. */
  readonly names: readonly string[];
}

export interface Class {
  readonly name: string;
  readonly members: readonly Member[];
}

/** Something that takes a while and can be stopped. */
export interface Job {
  readonly title: string;
  readonly done: number;
  readonly total: number;
  /** `performance.now()` when it began. */
  readonly since: number;
  readonly stop: () => void;
}

export interface Problem {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** What the model learnt from, as far as what it says depends on it. */
export interface Learnt {
  /** Samples with a label, but those of `negative`. */
  readonly known: number;
  /** The class that stands for "none of these". */
  readonly negative: string | null;
}

/** One step of a training: losses in nats. */
export interface CurvePoint {
  readonly step: number;
  readonly loss?: number;
  readonly guard?: number;
}

export interface State {
  /** Bytes of the backbone while it loads, then what is saved. */
  loading: { stage: string; done: number; total: number };
  failure: string | null;
  learner: Learner | null;
  device: Learner["device"] | null;
  /** `null` where nothing is saved. */
  project: ProjectState | null;
  /** The last thing that happened, in a sentence. */
  status: string;
  /** A sample with several labels is in several of them. */
  classes: readonly Class[];
  kind: Kind;
  problems: readonly Problem[];
  jobs: { collect?: Job; train?: Job; report?: Job; batch?: Job; doctor?: Job; verdict?: Job; cost?: Job; tune?: Job; adapt?: Job; project?: Job; export?: Job };
  curve: readonly CurvePoint[];
  result: TrainResult | null;
  learnt: Learnt | null;
  report: Report | NumberReport | null;
  /** Changes of the samples so far, and how many there were when the model's training began. */
  revision: number;
  trainedAt: number;
  /** How often the backbone that is used has become another one: tuned, or rolled back to what it was. */
  backbone: number;
  /** Whether the model was made to suit another domain since it was trained. */
  adapted: boolean;
  /** Samples of webcam bursts. */
  inGroups: number;
  /** Why there is no report. */
  unreported: string | null;
  canUndo: boolean;
  canRedo: boolean;
}

export const useStore = create<State>()(() => ({
  loading: { stage: "backbone", done: 0, total: 0 },
  failure: null,
  learner: null,
  device: null,
  project: null,
  status: "",
  classes: [],
  kind: "classes",
  problems: [],
  jobs: {},
  curve: [],
  result: null,
  learnt: null,
  report: null,
  revision: 0,
  trainedAt: 0,
  backbone: 0,
  adapted: false,
  inGroups: 0,
  unreported: null,
  canUndo: false,
  canRedo: false,
}));

export const { getState: get, setState: set } = useStore;

/** Whether a job runs: changes when it begins and ends, not with its progress. */
export function useRunning(name: keyof State["jobs"]): boolean {
  return useStore((s) => s.jobs[name] !== undefined);
}

/** Whether the samples have changed since the training that made the model. */
export function isStale({ revision, trainedAt, result }: State): boolean {
  return result !== null && revision !== trainedAt;
}

/** What a finding was made from. */
export type Made = Pick<State, "revision" | "backbone">;

export function madeNow(): Made {
  const { revision, backbone } = get();
  return { revision, backbone };
}

/** Whether there is something to learn: samples of two classes, or two that have numbers. */
export function isReady({ classes, kind }: Pick<State, "classes" | "kind">): boolean {
  const filled = classes.filter((c) => c.members.length > 0 && c.name !== "");
  return kind === "numbers" ? total({ classes: filled, kind }) >= 2 : filled.length >= 2;
}

/** Samples that are in. */
export function total({ classes, kind }: Pick<State, "classes" | "kind">): number {
  if (kind === "labels") return new Set(classes.flatMap((c) => c.members.map((m) => m.id))).size;
  return classes.reduce((n, c) => n + c.members.length, 0);
}

/** Whether the page can go and come back with all that is in it. */
export function isSafe(): boolean {
  const { project, jobs } = get();
  return total(get()) === 0 || (project !== null && project.unsaved === 0 && project.problem === null && jobs.collect === undefined);
}

/** The names that a sample can be given, as they are. */
export function realNames(classes: readonly Class[]): string[] {
  return classes.map((c) => c.name).filter((name) => name !== "" && name !== NONE_OF_THEM);
}

/** The learner; panels that need it are shown when it is there. */
export function learner(): Learner {
  return get().learner!;
}

export function say(status: string): void {
  set({ status });
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
