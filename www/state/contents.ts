// What the samples are, for showing them. That of removed samples stays: undo brings them back.
const contents = new Map<string, Blob | string>();

let given = 0;
const session = Date.now().toString(36);

/** → the id it is to have in the learner. */
export function keep(content: Blob | string): string {
  const id = `${session}-${given++}`;
  contents.set(id, content);
  return id;
}

/** Of a sample that was there before the page was. */
export function keepAs(id: string, content: Blob | string): void {
  contents.set(id, content);
}

export function drop(id: string): void {
  contents.delete(id);
}

export function fileOf(id: string): Blob | undefined {
  const content = contents.get(id);
  return content instanceof Blob ? content : undefined;
}

export function textOf(id: string): string | undefined {
  const content = contents.get(id);
  return typeof content === "string" ? content : undefined;
}

/** Contents that are kept, with those that undo could bring back, and their bytes. */
export function held(): { count: number; bytes: number } {
  let bytes = 0;
  // Two bytes a character, as the engine keeps them at most.
  for (const content of contents.values()) bytes += content instanceof Blob ? content.size : 2 * content.length;
  return { count: contents.size, bytes };
}
