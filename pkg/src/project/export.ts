import type { Progress, SampleInfo } from "../../index";
import type { Session } from "../generated/headstart_learner.js";
import type { FileSettings } from "./header";
import type { Files } from "./store";
import { isThere } from "./there";

/**
 * All of a learner as one file. Sources are put behind the rest as Blobs: nothing reads them until the file is saved.
 * `source`: absent to leave them out.
 */
export async function exportProject(
  session: Session,
  settings: FileSettings,
  source: ((content: string) => Promise<Blob | undefined>) | undefined,
  files: Files,
  signal: AbortSignal,
  progress: (progress: Progress) => Promise<void>,
): Promise<Blob> {
  const samples: SampleInfo[] = source ? session.samples() : [];
  const blobs: Blob[] = [];
  const listed: { content: string; bytes: number; type: string }[] = [];
  const left: string[] = [];
  for (const [done, { id, name }] of samples.entries()) {
    const content = session.contentOf(id)!;
    // Where the storage is gone a file of what there is here is what is needed most.
    const blob = await source!(content).catch(() => undefined);
    // It would break the whole export when that is saved.
    if (blob && (await isThere(blob))) {
      blobs.push(blob);
      listed.push({ content, bytes: blob.size, type: blob.type });
    } else {
      left.push(name ?? id);
    }
    if (done % 100 === 99) await progress({ stage: "export", done: done + 1, total: samples.length });
    signal.throwIfAborted();
  }
  if (left.length > 0) {
    const note = `these cannot be read again, and are in the file by their features alone: ${left.join(", ")}`;
    await progress({ stage: "left out", done: left.length, total: samples.length, note });
  }
  // What was removed while sources were looked for is no longer in the session.
  const here = listed.map(({ content }) => session.sample(content) !== undefined);
  const head = session.projectHead(settings, listed.filter((_, i) => here[i]), files.tuned, files.target);
  return new Blob([head as BlobPart, ...blobs.filter((_, i) => here[i])], { type: "application/octet-stream" });
}
