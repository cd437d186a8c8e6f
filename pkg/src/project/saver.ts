// Writes a project as it happens, from inside the learner's worker.
import type { ModelInfo, ProjectState, SampleInfo } from "../../index";
import { HeadstartError } from "../errors";
import type { Found } from "./origin";
import { places } from "./places";
import { type ContentRecord, type Files, type ProjectRecord, type SampleRecord, type Store, find, keysOf, openStore, readIfThere, taken, write } from "./store";
import { isThere } from "./there";

/** Contents that are written together. Those that come while a transaction is under way wait for the next one. */
const TOGETHER = 64;
/**
 * The same of an edit, or an import from a file. More than before, since an edit is to be all or nothing; and not all, since the rows of
 * ten thousand samples would be in memory once more while they are written.
 */
const MOST = 512;

/** What there is to save. */
export interface Held {
  samples(): SampleInfo[];
  /** As it is in; `undefined` where it was taken back. */
  sample(content: string): SampleInfo | undefined;
  contentOf(id: string): string;
  content(content: string): Omit<ContentRecord, "source">;
  /** In memory. */
  source(content: string): Blob | undefined;
  /** Takes the picture of a sample that leaves the storage: undo may bring it back. */
  takeSource(content: string, source: Blob): void;
  tunedRow(content: string): Float32Array | undefined;
  /** Empty where there is no model. It has the rows of what the model was trained on and that is no sample any more. */
  state(): Uint8Array;
  files(): Files;
  model(): ModelInfo | null;
}

/** A sample as it is saved. */
interface Present {
  place: number;
  content: string;
  names: string[];
  /** All of it, to see whether it has changed. */
  text: string;
}

export interface Size {
  own: number;
  source: number;
}

/** What is in the storage already. */
export interface Known {
  samples: SampleRecord[];
  /** Samples that could not be read, by content: they stay there as they are. */
  apart: Map<string, { id: string; record?: Found }>;
  /** Bytes of each content. */
  contents: Map<string, Size>;
  /** Contents that have a tuned row. */
  tuned: Set<string>;
  model: { bytes: number; files: Files };
}

/** What one transaction does. */
interface Change {
  put?: SampleRecord[];
  /** Ids of samples that are there no more. */
  gone?: string[];
  /** Contents whose tuned row is to be written. */
  tuned?: readonly string[];
  model?: Known["model"] & { state: Uint8Array };
}

/**
 * The storage follows the session: what was added is written before `add` resolves for it, what was edited by the difference. Where the
 * storage is full or gone the learner goes on in memory, and what is missing is written when that is possible again.
 */
export class Saver {
  #store: Store | undefined;
  /** All who ask meanwhile wait for the same one: any other would never be closed. */
  #opening: Promise<Store> | undefined;
  #record: ProjectRecord;
  #held: Held;
  #tell: (state: ProjectState, first: boolean) => void;
  /** By sample id. */
  #present = new Map<string, Present>();
  #labels = new Map<string, number>();
  #apart: Known["apart"];
  #contents: Known["contents"];
  #tuned: Known["tuned"];
  #model: Known["model"];
  #last: number;
  /** Whether the record itself is there: a project is saved with its first sample. */
  #begun: boolean;
  #added: string[] = [];
  /** One transaction after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #problem: HeadstartError | undefined;
  /** Ids of samples that are in memory only. */
  #unsaved = new Set<string>();
  #modelWaits = false;
  /** The rows that are saved are another backbone's: these go before anything is written beside them. */
  #rebase = false;

  /** `known` is absent for a project that is not there yet. */
  constructor(record: ProjectRecord, known: Known | undefined, held: Held, tell: (state: ProjectState, first: boolean) => void) {
    this.#record = record;
    this.#held = held;
    this.#tell = tell;
    this.#begun = known !== undefined;
    ({ apart: this.#apart, contents: this.#contents, tuned: this.#tuned, model: this.#model } = known ?? nothing());
    known?.samples.forEach((sample) => this.#enter(sample));
    this.#last = known?.samples.at(-1)?.place ?? -1;
  }

  get state(): ProjectState {
    const problem = this.#problem && { code: this.#problem.code, message: this.#problem.message };
    return { name: this.#record.name, unsaved: this.#unsaved.size, problem: problem ?? null };
  }

  /** A sample that is new. → whether it is saved. */
  async added(content: string): Promise<boolean> {
    this.#added.push(content);
    await this.#inTurn(async () => {
      // Those of the turn before took this one with them.
      const contents = this.#added.splice(0, TOGETHER);
      const samples = contents.flatMap((one) => this.#held.sample(one) ?? []).filter(({ id }) => !this.#present.has(id));
      if (samples.length === 0) return;
      if ((await this.#ready()) && (await this.#write({ put: samples.map((sample) => this.#asRecord(sample, ++this.#last)) }))) {
        // There is room again, it seems.
        if (this.#problem) await this.#catchUp();
        return;
      }
      samples.forEach(({ id }) => this.#unsaved.add(id));
      this.#say();
    });
    const sample = this.#held.sample(content);
    return !sample || this.#present.has(sample.id);
  }

  /** After any other change of the samples. */
  changed(): Promise<void> {
    return this.#inTurn(() => this.#catchUp());
  }

  /** After a training. */
  trained(): Promise<void> {
    return this.#inTurn(() => {
      this.#modelWaits = true;
      return this.#catchUp();
    });
  }

  /** After a restoring whose rows are another backbone's than those that are saved. */
  rebased(): Promise<void> {
    this.#rebase = true;
    return this.changed();
  }

  /** Rows by the tuned backbone that came later than their samples. */
  caughtUp(contents: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#problem) await this.#catchUp();
      else if (await this.#ready()) await this.#write({ tuned: contents.filter((content) => this.#contents.has(content)) });
    });
  }

  /** All that is not saved yet. Errors: `storage-full`, `no-storage`. */
  async save(progress?: (done: number, total: number) => Promise<void>): Promise<void> {
    await this.#inTurn(() => this.#catchUp(progress));
    if (this.#problem) throw this.#problem;
  }

  /** Errors: `bad-option` where the name is taken, `storage-full`, `no-storage`. */
  async rename(name: string): Promise<void> {
    await this.#inTurn(async () => {
      try {
        const store = await this.#connection();
        if (await find(store, name)) throw taken(name);
        // What is there, not what is to be: its rows may be those of another backbone yet.
        const saved = await store.get("projects", this.#record.id);
        if (saved) await store.put("projects", { ...saved, name });
      } catch (error) {
        throw problemOf(error);
      }
      this.#record = { ...this.#record, name };
    });
    this.#say();
  }

  /** A sample's picture, from the storage. Errors: `no-storage`. */
  async source(content: string): Promise<Blob | undefined> {
    const store = await this.#connection();
    return readIfThere(store.get("sources", [this.#record.id, content]));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Until all is written there is a problem, and every change tries again: a failure is not forgotten because what came after it went well. */
  async #catchUp(progress?: (done: number, total: number) => Promise<void>): Promise<void> {
    const ready = await this.#ready();
    const now = this.#held.samples();
    // Samples before the model, whose rows are theirs.
    const well = ready && (await this.#follow(now, progress)) && (!this.#modelWaits || (await this.#writeModel()));
    this.#unsaved = new Set(now.flatMap(({ id }) => (this.#present.has(id) ? [] : [id])));
    // A storage that was cleared meanwhile has begun anew.
    if (well && this.#unsaved.size === 0 && !this.#modelWaits) this.#problem = undefined;
    this.#say();
  }

  /** Whether anything can be written. */
  async #ready(): Promise<boolean> {
    return (await this.#connected()) && (!this.#rebase || (await this.#writeAnew()));
  }

  /** Writes the difference between what there is and what is saved. → whether it is written. */
  async #follow(now: SampleInfo[], progress?: (done: number, total: number) => Promise<void>): Promise<boolean> {
    if (!this.#begun && now.length === 0) return true;
    const ids = new Set(now.map(({ id }) => id));
    const gone = [...this.#present.keys()].filter((id) => !ids.has(id));
    const at = places(now.map(({ id }) => id), this.#present);
    const put = now.map((sample, i) => this.#asRecord(sample, at[i]!)).filter((record) => this.#present.get(record.id)?.text !== JSON.stringify(record));
    const tuned = this.#problem ? [...this.#contents.keys()].filter((content) => !this.#tuned.has(content)) : [];
    if (put.length + gone.length === 0 && !this.#problem) return true;
    // What goes makes room for what comes; an edit is one transaction, only a whole import is more.
    for (let i = 0; i === 0 || i < put.length; i += MOST) {
      if (!(await this.#write(i === 0 ? { put: put.slice(0, MOST), gone, tuned } : { put: put.slice(i, i + MOST) }))) return false;
      await progress?.(Math.min(put.length, i + MOST), put.length);
    }
    this.#last = at.at(-1) ?? -1;
    return true;
  }

  async #writeModel(): Promise<boolean> {
    const [state, files] = [this.#held.state(), { ...this.#held.files() }];
    const model = { state, files, bytes: modelBytes(state, files) };
    this.#modelWaits = !(await this.#write({ model, tuned: files.tuned !== this.#model.files.tuned ? [...this.#contents.keys()] : [] }));
    return !this.#modelWaits;
  }

  /** All but the sources, in one transaction: until then what is saved is the project as it was, which opens with the backbone that it was made with. */
  async #writeAnew(): Promise<boolean> {
    const contents = [...this.#present.values()].map(({ content }) => content).filter((content) => this.#held.sample(content));
    const records = contents.map((content) => ({ content, record: { ...this.#held.content(content), source: this.#contents.get(content)?.source ?? 0 } }));
    // Their rows are of use to the backbone from before only, and say so.
    const apart = [...this.#apart].flatMap(([content, { record }]) => (record ? [{ content, record: { source: 0, ...record } }] : []));
    const rows = records.flatMap(({ content }) => {
      const row = this.#held.tunedRow(content);
      return row ? [{ content, row }] : [];
    });
    const [state, files] = [this.#held.state(), { ...this.#held.files() }];
    const before = [this.#record, this.#contents, this.#tuned, this.#model] as const;
    this.#contents = new Map([...records, ...apart].map(({ content, record }) => [content, sizeOf(record)]));
    this.#tuned = new Set(rows.map(({ content }) => content));
    this.#model = { files, bytes: modelBytes(state, files) };
    this.#describe();
    try {
      const project = this.#record.id;
      await write(this.#store!, (tx, requests) => {
        const [stored, tunedRows, models] = [tx.objectStore("contents"), tx.objectStore("tuned"), tx.objectStore("models")];
        requests.push(stored.delete(keysOf(project)), tunedRows.delete(keysOf(project)));
        for (const { content, record } of [...records, ...apart]) requests.push(stored.put(record, [project, content]));
        for (const { content, row } of rows) requests.push(tunedRows.put(row, [project, content]));
        requests.push(state.length > 0 ? models.put({ state, files }, project) : models.delete(project), tx.objectStore("projects").put(this.#record));
      });
    } catch (error) {
      [this.#record, this.#contents, this.#tuned, this.#model] = before;
      this.#fail(problemOf(error));
      return false;
    }
    this.#rebase = this.#modelWaits = false;
    return true;
  }

  /** One transaction. → whether it was written; if not, what was saved before is as it was. */
  async #write({ put = [], gone = [], tuned = [], model }: Change): Promise<boolean> {
    const first = !this.#begun;
    // An id may have another content than it had: what it had goes, unless it is there under another id.
    const before = [...gone, ...put.map(({ id }) => id)].flatMap((id) => this.#present.get(id)?.content ?? []);
    const [had, have] = [new Set(before), new Set(put.map(({ content }) => content))];
    const leaving = [...had].filter((content) => !have.has(content));
    // Samples that could not be read, and have come again under another id: a content has one sample.
    const replaced = put.flatMap(({ content }) => this.#apart.get(content)?.id ?? []).filter((id) => !put.some((record) => record.id === id));
    const added = [...have].filter((content) => !had.has(content));
    const records = await Promise.all(added.map(async (content) => {
      const given = this.#held.source(content);
      // One file that is gone would end the transaction, and every later one.
      const source = given && (await isThere(given)) ? given : undefined;
      return { content, source, record: { ...this.#held.content(content), source: source?.size ?? 0 } };
    }));
    // For undo: the copies, since the files may have been changed. Not in the transaction, which one that cannot be read would end.
    await Promise.all(leaving.map(async (content) => {
      const source = await this.source(content).catch(() => undefined);
      if (source) this.#held.takeSource(content, source);
    }));
    const anew = model !== undefined && model.files.tuned !== this.#model.files.tuned;
    // Of the tuned backbone that is saved, or is being saved; those of one that waits come with it.
    const ofSaved = (model ?? this.#model).files.tuned === this.#held.files().tuned;
    const rows = [...new Set([...added, ...tuned])].flatMap((content) => {
      const row = ofSaved ? this.#held.tunedRow(content) : undefined;
      return row ? [{ content, row }] : [];
    });

    const undo = this.#checkpoint([...gone, ...put.map(({ id }) => id)], [...added, ...leaving, ...rows.map(({ content }) => content)]);
    gone.forEach((id) => this.#leave(id));
    put.forEach((record) => this.#enter(record));
    if (anew) this.#tuned = new Set();
    if (model) this.#model = model;
    records.forEach(({ content, record }) => this.#contents.set(content, sizeOf(record)));
    rows.forEach(({ content }) => this.#tuned.add(content));
    for (const content of leaving) {
      this.#contents.delete(content);
      this.#tuned.delete(content);
    }
    this.#describe();
    this.#begun = true;
    try {
      const project = this.#record.id;
      const key = (part: string): [string, string] => [project, part];
      await write(this.#store!, (tx, requests) => {
        const [samples, contents, sources, tunedRows] = [tx.objectStore("samples"), tx.objectStore("contents"), tx.objectStore("sources"), tx.objectStore("tuned")];
        if (anew) requests.push(tunedRows.delete(keysOf(project)));
        for (const content of leaving) {
          requests.push(sources.delete(key(content)), contents.delete(key(content)), tunedRows.delete(key(content)));
        }
        for (const id of [...gone, ...replaced]) requests.push(samples.delete(key(id)));
        for (const record of put) requests.push(samples.put(record, key(record.id)));
        for (const { content, record, source } of records) {
          requests.push(contents.put(record, key(content)));
          if (source) requests.push(sources.put(source, key(content)));
        }
        for (const { content, row } of rows) requests.push(tunedRows.put(row, key(content)));
        if (model) requests.push(tx.objectStore("models").put({ state: model.state, files: model.files }, project));
        requests.push(tx.objectStore("projects").put(this.#record));
      });
    } catch (error) {
      undo();
      this.#fail(problemOf(error));
      return false;
    }
    for (const [content, { id }] of this.#apart) if (have.has(content) || this.#present.has(id)) this.#apart.delete(content);
    if (first) this.#tell(this.state, true);
    return true;
  }

  /** What takes back, in memory, what a transaction that failed was to do. */
  #checkpoint(ids: string[], contents: string[]): () => void {
    const present = ids.map((id) => [id, this.#present.get(id)] as const);
    const known = contents.map((content) => [content, this.#contents.get(content), this.#tuned.has(content)] as const);
    const [record, model, tuned, begun] = [this.#record, this.#model, this.#tuned, this.#begun];
    return () => {
      [this.#record, this.#model, this.#tuned, this.#begun] = [record, model, tuned, begun];
      for (const [id, before] of present) {
        this.#leave(id);
        if (before) this.#take(id, before);
      }
      for (const [content, size, isTuned] of known) {
        if (size === undefined) this.#contents.delete(content);
        else this.#contents.set(content, size);
        if (isTuned) this.#tuned.add(content);
        else this.#tuned.delete(content);
      }
    };
  }

  #enter(record: SampleRecord): void {
    this.#leave(record.id);
    const { place, content, label } = record;
    const names = typeof label === "number" || label === null ? [] : [label].flat();
    this.#take(record.id, { place, content, names, text: JSON.stringify(record) });
  }

  #take(id: string, present: Present): void {
    this.#present.set(id, present);
    for (const name of present.names) this.#labels.set(name, (this.#labels.get(name) ?? 0) + 1);
  }

  #leave(id: string): void {
    for (const name of this.#present.get(id)?.names ?? []) {
      const left = this.#labels.get(name)! - 1;
      if (left === 0) this.#labels.delete(name);
      else this.#labels.set(name, left);
    }
    this.#present.delete(id);
  }

  #asRecord({ id, label, name, group, slice }: SampleInfo, place: number): SampleRecord {
    return { id, content: this.#held.contentOf(id), label, name, group, slice, place };
  }

  /** What is told of a project without reading it. */
  #describe(): void {
    const rows = this.#tuned.size * this.#record.backbone.dim * 4;
    let bytes = rows + this.#model.bytes;
    for (const { own, source } of this.#contents.values()) bytes += own + source;
    const [samples, labels] = [this.#present.size + this.#apart.size, [...this.#labels.keys()]];
    // One that could not be read stays where it is.
    const left = this.#rebase ? null : this.#record.model;
    const model = this.#held.model() ?? (left && { ...left, stale: true });
    this.#record = { ...this.#record, samples, labels, bytes, model, changed: Date.now() };
  }

  /** Where it was lost, another one; what has been taken from the storage meanwhile is to be written again. */
  async #connection(): Promise<Store> {
    return this.#store ?? (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
  }

  async #open(): Promise<Store> {
    const store = await openStore(() => this.#lose());
    if (this.#begun && !(await store.get("projects", this.#record.id))) {
      ({ apart: this.#apart, contents: this.#contents, tuned: this.#tuned, model: this.#model } = nothing());
      this.#present.clear();
      this.#labels.clear();
      this.#begun = false;
      this.#rebase = false;
      this.#modelWaits = this.#held.state().length > 0;
    }
    return (this.#store = store);
  }

  async #connected(): Promise<boolean> {
    try {
      await this.#connection();
      return true;
    } catch (error) {
      this.#fail(problemOf(error));
      return false;
    }
  }

  #lose(): void {
    this.#store = undefined;
    this.#fail(new HeadstartError("no-storage", "the browser has taken this page's storage away; what comes is in this tab only, until it can be saved again"));
  }

  #fail(problem: HeadstartError): void {
    this.#problem = problem;
    this.#say();
  }

  #say(): void {
    this.#tell(this.state, false);
  }
}

function nothing(): Omit<Known, "samples"> {
  return { apart: new Map(), contents: new Map(), tuned: new Set(), model: { bytes: 0, files: {} } };
}

export function sizeOf({ row, kept, source }: ContentRecord): Size {
  return { own: row.byteLength + ("text" in kept ? 2 * kept.text.length : kept.small.length), source };
}

export function modelBytes(state: Uint8Array, files: Files): number {
  return [state, ...Object.values(files)].reduce((sum, { length }) => sum + length, 0);
}

function problemOf(error: unknown): HeadstartError {
  const { name, message } = error as Error;
  if (error instanceof HeadstartError) return error;
  if (name === "QuotaExceededError") {
    return new HeadstartError("storage-full", "the browser's storage for this page is full: what was saved before is safe, what comes is in this tab only. Delete projects or samples, free disk space, or export the project");
  }
  return new HeadstartError("no-storage", `the browser cannot save (${name}: ${message}); what comes is in this tab only, until it can be saved again`);
}
