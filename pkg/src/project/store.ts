// Projects as they lie in the browser's storage: one IndexedDB database, a record for each thing that changes by itself.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import type { Label, LearnerOptions, ModelInfo, ProjectInfo } from "../../index";
import { HeadstartError } from "../errors";
import type { Kept } from "../kept";
import type { Moved } from "../protocol";

const NAME = "headstart";
const VERSION = 1;

/** What a project was made with, and what is told of it without reading it. */
export interface ProjectRecord extends ProjectSettings {
  id: string;
  name: string;
  created: number;
  changed: number;
  samples: number;
  labels: string[];
  /** Of all its records but this one. */
  bytes: number;
  model: ModelInfo | null;
}

export interface ProjectSettings {
  task: LearnerOptions["task"];
  backbone: {
    id: string;
    sha256: string;
    dim: number;
    /** The `backbone` option to open it with again; `null` where the pack's files were given. */
    from: string | null;
  };
  seed: number;
  longText: NonNullable<LearnerOptions["longText"]>;
}

/** What rows are made by. */
export function rowsOf({ task, backbone, longText }: ProjectSettings): string {
  return task === "text" ? `${backbone.sha256} ${longText}` : backbone.sha256;
}

export interface SampleRecord {
  id: string;
  content: string;
  label: Label | null;
  name: string | null;
  group: string | null;
  slice: Record<string, string>;
  /** Samples are in the order of it. What comes back by undo gets one between its neighbours'. */
  place: number;
}

/** What a content is learnt from. */
export interface ContentRecord {
  row: Float32Array;
  kept: Kept;
  /** Bytes of its source, 0 where there is none. */
  source: number;
  /** `rowsOf` the row, where it is not the project's: it could not be made again by another backbone. */
  of?: string;
}

export interface ModelRecord {
  state: Uint8Array;
  files: Files;
}

/** Tensors in the place of the pack's. */
export type Files = Partial<Record<Moved, Uint8Array>>;

type Key = [project: string, part: string];

interface Schema extends DBSchema {
  projects: { key: string; value: ProjectRecord; indexes: { name: string } };
  /** By sample id. */
  samples: { key: Key; value: SampleRecord };
  /** By content id, as the two that follow. */
  contents: { key: Key; value: ContentRecord };
  /** Pictures as they were given. Apart from the rows, which are all read when a project is opened. */
  sources: { key: Key; value: Blob };
  tuned: { key: Key; value: Float32Array };
  models: { key: string; value: ModelRecord };
}

const PARTS = ["samples", "contents", "sources", "tuned"] as const;
const STORES = ["projects", ...PARTS, "models"] as const;

export type Store = IDBPDatabase<Schema>;
export type Writing = IDBPTransaction<Schema, typeof STORES[number][], "readwrite">;

/** Errors: `no-storage`, `project-too-new`. `lost` is called when the connection is taken away. */
export async function openStore(lost: () => void = () => {}): Promise<Store> {
  try {
    const store: Store = await openDB<Schema>(NAME, VERSION, {
      upgrade(store) {
        store.createObjectStore("projects", { keyPath: "id" }).createIndex("name", "name", { unique: true });
        PARTS.forEach((part) => store.createObjectStore(part));
        store.createObjectStore("models");
      },
      // A newer Headstart in another tab, which waits until this one lets go.
      blocking: () => {
        store.close();
        lost();
      },
      terminated: lost,
    });
    return store;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === "VersionError") throw new HeadstartError("project-too-new", "the projects in this browser were saved by a newer version of Headstart; use that one");
    throw new HeadstartError("no-storage", `this browser keeps nothing for this page (${message}); leave \`project\` out to work in memory, and export the project before you leave`);
  }
}

/** Does `work` with a connection of its own. Errors: `no-storage`, `project-too-new`, and those of `work`. */
export async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore();
  try {
    return await work(store);
  } catch (error) {
    if (error instanceof HeadstartError) throw error;
    const { name, message } = error as Error;
    throw new HeadstartError("no-storage", `the browser cannot get at its projects (${name}: ${message}); nothing was changed, load the page again`);
  } finally {
    store.close();
  }
}

/**
 * Writes all that `fill` asks for, or nothing. On the disk before it is said to be done: what a person labelled should survive a battery that
 * ends. Rejects with why the transaction failed, where each of its requests would only say that it was aborted.
 */
export async function write(store: Store, fill: (tx: Writing, requests: Promise<unknown>[]) => void): Promise<void> {
  const tx: Writing = store.transaction([...STORES], "readwrite", { durability: "strict" });
  const requests: Promise<unknown>[] = [];
  let thrown: unknown;
  try {
    fill(tx, requests);
  } catch (error) {
    // A value that cannot be stored: what was asked for before it would be written without it.
    thrown = error;
    tx.abort();
  }
  const ends = await Promise.allSettled([tx.done, ...requests]);
  if (thrown) throw thrown;
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}

/** How a browser says that the file behind a record is lost; Chromium has called it by each of these. */
const LOST = ["NotReadableError", "NotFoundError", "DataError"];

/**
 * A record. One that is lost is so by itself; any other failure is of the whole storage and may be over in a moment, so nothing is to be
 * concluded from it about the record.
 *
 * Errors: `unreadable`, `no-storage`.
 */
export async function read<V>(record: Promise<V>): Promise<V> {
  try {
    return await record;
  } catch (error) {
    const { name, message } = error as Error;
    if (LOST.includes(name)) throw new HeadstartError("unreadable", `the browser has lost this part of the project (${message})`);
    throw new HeadstartError("no-storage", `the browser cannot read this project now (${name}: ${message}); nothing of it was changed, load the page again`);
  }
}

/** `undefined` for one that is lost too. Errors: `no-storage`. */
export async function readIfThere<V>(record: Promise<V | undefined>): Promise<V | undefined> {
  try {
    return await read(record);
  } catch (error) {
    if ((error as HeadstartError).code === "unreadable") return undefined;
    throw error;
  }
}

export const keysOf = (project: string) => IDBKeyRange.bound([project], [project, []]);

export function find(store: Store, name: string): Promise<ProjectRecord | undefined> {
  return store.getFromIndex("projects", "name", name);
}

export async function list(store: Store): Promise<ProjectInfo[]> {
  const all = await store.getAll("projects");
  const told = ({ name, task, backbone, samples, labels, bytes, created, changed, model }: ProjectRecord): ProjectInfo => ({
    name, task, backbone: { id: backbone.id, sha256: backbone.sha256 }, samples, labels, bytes, created, changed, model,
  });
  return all.sort((a, b) => b.changed - a.changed).map(told);
}

/** All of it in one go. Errors: `unknown-id`. */
export async function remove(store: Store, name: string): Promise<void> {
  const { id } = await needed(store, name);
  await write(store, (tx, requests) => {
    requests.push(tx.objectStore("projects").delete(id), tx.objectStore("models").delete(id), ...PARTS.map((part) => tx.objectStore(part).delete(keysOf(id))));
  });
}

/** Errors: `unknown-id`, `bad-option` where the name is taken. */
export async function rename(store: Store, from: string, to: string): Promise<void> {
  const record = await needed(store, from);
  await store.put("projects", { ...record, name: to }).catch((error: unknown) => {
    throw (error as Error).name === "ConstraintError" ? taken(to) : error;
  });
}

export function taken(name: string): HeadstartError {
  return new HeadstartError("bad-option", `there is a project called “${name}” already; choose another name, or delete that one`, name);
}

async function needed(store: Store, name: string): Promise<ProjectRecord> {
  const record = await find(store, name);
  if (!record) throw new HeadstartError("unknown-id", `no project is called “${name}”; see listProjects()`, name);
  return record;
}
