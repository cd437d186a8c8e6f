import type { LearnerModule } from "./wasm";

/** What is kept of a content besides its row: the text, or a picture of 32 × 32 and what was measured. */
export type Kept =
  | { text: string }
  | { small: Uint8Array; look: unknown };

export function keptOf(picture: { small(): Uint8Array; look(): unknown }): Kept {
  return { small: picture.small(), look: picture.look() };
}

/** Gives contents to the module for the time of a call. */
export function withContents<T>(wasm: LearnerModule, kept: readonly Kept[], work: (contents: InstanceType<LearnerModule["Contents"]>) => T): T {
  const contents = new wasm.Contents();
  try {
    for (const one of kept) {
      if ("text" in one) contents.text(one.text);
      else contents.picture(one.small, one.look);
    }
    return work(contents);
  } finally {
    contents.free();
  }
}
