import type { Learner } from "headstart";

/** What the panels share: the learner, and the pictures to show for its samples. */
export class Work extends EventTarget {
  readonly pictures = new Map<string, string>();

  constructor(readonly learner: Learner) {
    super();
  }

  /** Keeps an address to show a sample by. */
  show(id: string, file: Blob): void {
    if (!this.pictures.has(id)) this.pictures.set(id, URL.createObjectURL(file));
  }

  forget(id: string): void {
    const address = this.pictures.get(id);
    if (address) URL.revokeObjectURL(address);
    this.pictures.delete(id);
  }

  /** Tells the other panels: `samples` changed, a head was `trained`. */
  tell(what: "samples" | "trained"): void {
    this.dispatchEvent(new Event(what));
  }

  on(what: "samples" | "trained", then: () => void): void {
    this.addEventListener(what, then);
  }
}

export function say(message: string): void {
  document.getElementById("status")!.textContent = message;
}

/** The sentence of an error of ours; anything else is a defect and says so. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
