// An adaptation from the learner's side. Batch norms are estimated anew in workers that are made for it.
import type { AdaptReport, Progress } from "../index";
import { toHeadstartError } from "./errors";
import type { TunerHand } from "./hand";
import { type Host, feed } from "./tuning";

/** As `BatchNorm::STAGES` in Rust. */
const STAGES = 3;
/** As in Rust: fewer pictures say nothing of a domain. */
const FEWEST = 10;
/** Workers at most: most of the time is the first one's alone. */
const HANDS = 4;

/** Of a target, the pictures that can be read again. */
export interface Target {
  /** Content ids; where each was given. */
  again: string[];
  places: Map<string, number>;
  nameOf(content: string): string;
  pixels(content: string, signal: AbortSignal): Promise<Uint8Array>;
}

export interface Adapted {
  report: Omit<AdaptReport, "rejected">;
  /** The target backbone's tensors, where one is kept. */
  file?: Uint8Array;
}

/** After the session's job has begun. */
export async function adapt(host: Host, target: Target, signal: AbortSignal, heard: (progress: Progress) => Promise<void>): Promise<Adapted> {
  type Report = Adapted["report"];
  const found = await host.finish<Report | { source: string[] }>(heard);
  if (!("source" in found)) return { report: found };
  let file: Uint8Array | undefined;
  try {
    file = await estimate(host, found.source, target, signal, heard);
  } catch (error) {
    signal.throwIfAborted();
    // The other methods need neither these workers nor their memory.
    await heard({ stage: "left out", done: 1, total: 1, note: `batch-norm re-estimation: ${toHeadstartError(error).message}` });
  }
  const report = await host.finish<Report>(heard);
  return { report, file: report.kept && host.session.isRenormed() ? file : undefined };
}

/** Batch norms anew: the session hears what they make of the target. → their tensors, where pictures are enough. */
async function estimate(host: Host, source: string[], target: Target, signal: AbortSignal, heard: (progress: Progress) => Promise<void>): Promise<Uint8Array | undefined> {
  const hands = await Promise.all(Array.from({ length: Math.min(host.workers, HANDS) }, () => host.spawn(STAGES, true)));
  try {
    const [hand] = hands as [TunerHand];
    const ofTarget = new Set(target.again);
    const of = (content: string) => (ofTarget.has(content) ? target : host);
    const contents = [...source, ...target.again];
    const look = (done: number) => heard({ stage: "look", done, total: contents.length });
    const failed = await feed({ ...host, pixels: (content, signal) => of(content).pixels(content, signal) }, hands, [hand], contents, 1, signal, look);
    if (failed.size > 0) {
      const note = [...failed].map(([content, error]) => `${of(content).nameOf(content)}: ${error.message}`).join("\n");
      await heard({ stage: "left out", done: failed.size, total: contents.length, note });
    }
    const [sources, seen] = [source, target.again].map((all) => all.filter((content) => !failed.has(content))) as [string[], string[]];
    if (sources.length < FEWEST || seen.length < FEWEST) return undefined;
    await hand.startBatchNorm(sources.length);
    for (let now = await hand.step(); now; now = await hand.step()) {
      signal.throwIfAborted();
      await heard(now);
    }
    const [features, file] = await Promise.all([hand.features(), hand.file()]);
    host.session.takeRenormed(Uint32Array.from(seen, (content) => target.places.get(content)!), features);
    return file;
  } finally {
    await Promise.all(hands.map((hand) => host.retire(hand)));
  }
}
