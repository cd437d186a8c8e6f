import type { Progress, SampleInfo } from "../../index";
import { HeadstartError } from "../errors";
import { VECTORS, madePicture, madeText } from "./made";

/** An input, and the features that the learner has for it. */
export interface Vector {
  name: string;
  pixels?: Uint8Array;
  text?: string;
  ids?: Uint32Array;
  features: Float32Array;
}

export type Read = Omit<Vector, "name" | "features">;

/** What the learner's worker does for it. */
export interface Source {
  /** Of a picture. Absent for texts. */
  side?: number;
  samples(): SampleInfo[];
  /** A sample's content as the backbone reads it. */
  read(id: string): Promise<Read>;
  /** A text as the backbone reads it, its first window. */
  tokens(text: string): Read;
  features(read: Read): Promise<Float32Array>;
}

/** Of made-up inputs; with `own`, of the learner's samples first: an export that is given away tells nothing of them unasked. */
export async function vectors(source: Source, own: boolean, heard: (progress: Progress) => Promise<void>): Promise<Vector[]> {
  const made: Vector[] = [];
  const take = async (name: string, read: Read) => {
    made.push({ name, ...read, features: await source.features(read) });
    await heard({ stage: "export", done: made.length, total: VECTORS });
  };
  for (const { id, name } of own ? spread(source.samples()) : []) {
    if (made.length === VECTORS) break;
    const read = await source.read(id).catch((error: unknown) => {
      // Its file has gone or was changed: another sample does as well.
      if (error instanceof HeadstartError && error.code === "unreadable") return undefined;
      throw error;
    });
    if (read) await take(name ?? id, read);
  }
  for (let n = 0; made.length < VECTORS; n++) {
    const read = source.side === undefined ? source.tokens(madeText(n)) : { pixels: madePicture(n, source.side) };
    await take(`made up ${n + 1}`, read);
  }
  return made;
}

/** One of each label after the other, then the next of each. */
function spread(samples: SampleInfo[]): SampleInfo[] {
  const byLabel = Map.groupBy(samples, ({ label }) => JSON.stringify(label));
  const most = Math.max(0, ...[...byLabel.values()].map((of) => of.length));
  return Array.from({ length: most }, (_, n) => [...byLabel.values()].flatMap((of) => of[n] ?? [])).flat();
}
