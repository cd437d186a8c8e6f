// What was done to samples and classes, so that it can be taken back. The learner remembers its samples; which classes are
// shown without a picture, and what kind of label is to be given where none is yet, is the page's own, and is remembered
// here beside the learner's steps.
import { pinnedNow, refresh, restorePinned } from "./classes";
import type { Kind } from "./labels";
import { nouns } from "./task";
import { get, learner, say, sentence, set } from "./store";

/** The page's own part. */
interface Shown {
  readonly pinned: readonly string[];
  readonly kind: Kind;
}

interface Entry {
  /** Steps of the learner's own that it took. */
  readonly steps: number;
  readonly before: Shown;
  readonly after: Shown;
}

const done: Entry[] = [];
const undone: Entry[] = [];
/** One action at a time: the next sees what the one before it has made. */
let queue: Promise<unknown> = Promise.resolve();

/** What an action did: calls that changed the learner's samples, and the sentence for it (an import has said its own). */
export interface Deed {
  readonly steps: number;
  readonly says?: string;
}

/**
 * Runs an action that can be taken back. While samples are taken in there is none but that: an undo would take back half
 * of them, a renamed class would come back with the next sample.
 */
export function edit(work: () => Promise<Deed>): Promise<void> {
  return collecting() ? Promise.resolve() : edited(work);
}

/** The same for an import, which waits for the one before it. */
export function edited(work: () => Promise<Deed>): Promise<void> {
  return inTurn(async () => {
    const before = shownNow();
    let deed: Deed;
    try {
      deed = await work();
    } catch (error) {
      restore(before);
      throw error;
    } finally {
      await refresh();
    }
    const after = shownNow();
    if (deed.steps > 0 || after.kind !== before.kind || after.pinned.join("\n") !== before.pinned.join("\n")) {
      done.push({ steps: deed.steps, before, after });
      undone.length = 0;
      tell(deed.steps > 0);
    }
    if (deed.says) say(deed.says);
  });
}

export function undo(): Promise<void> {
  return step(done, undone, (entry) => entry.before, () => learner().undo(), "Taken back.");
}

export function redo(): Promise<void> {
  return step(undone, done, (entry) => entry.after, () => learner().redo(), "Done again.");
}

function step(from: Entry[], to: Entry[], then: (entry: Entry) => Shown, go: () => Promise<boolean>, says: string): Promise<void> {
  if (collecting()) return Promise.resolve();
  return inTurn(async () => {
    const entry = from.pop();
    if (!entry) return;
    for (let i = 0; i < entry.steps; i++) await go();
    restore(then(entry));
    to.push(entry);
    await refresh();
    tell(entry.steps > 0);
    say(says);
  });
}

function shownNow(): Shown {
  return { pinned: pinnedNow(), kind: get().kind };
}

function restore({ pinned, kind }: Shown): void {
  restorePinned(pinned);
  set({ kind });
}

function tell(changed: boolean): void {
  set({ canUndo: done.length > 0, canRedo: undone.length > 0, revision: get().revision + (changed ? 1 : 0) });
}

function collecting(): boolean {
  const busy = get().jobs.collect !== undefined;
  if (busy) say(`${nouns[0]!.toUpperCase()}${nouns.slice(1)} are being taken in: wait for the end, or stop it first.`);
  return busy;
}

function inTurn(work: () => Promise<void>): Promise<void> {
  const turn = queue.then(work).catch((error: unknown) => say(sentence(error)));
  queue = turn;
  return turn;
}
