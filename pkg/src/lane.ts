import { toHeadstartError } from "./errors";

type Waiting<I> = {
  item: I;
  signal: AbortSignal;
  /** It was in a batch that broke a worker: the next time it goes by itself, so that only the one to blame fails. */
  alone?: true;
  resolve: (row: Float32Array) => void;
  reject: (error: unknown) => void;
};

/** Gathers inputs into bounded batches. What arrives while all the room is taken makes the next ones. */
export class Lane<I> {
  #waiting: Waiting<I>[] = [];
  #running = 0;

  constructor(
    /** Batches on their way at once. */
    readonly room: () => number,
    /** Which of those that wait, oldest first, go next: their indices. */
    readonly take: (waiting: readonly I[]) => number[],
    /** → the rows, one after another. */
    readonly extract: (batch: I[]) => Promise<Float32Array>,
  ) {}

  row(item: I, signal: AbortSignal): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, signal, resolve, reject });
      this.#drain();
    });
  }

  #drain(): void {
    if (this.#running >= this.room()) return;
    this.#waiting.filter(({ signal }) => signal.aborted).forEach(({ signal, reject }) => reject(signal.reason));
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    while (this.#running < this.room() && this.#waiting.length > 0) {
      const single = this.#waiting[0]!.alone;
      const chosen = new Set(single ? [0] : this.take(this.#waiting.map(({ item }) => item)));
      const batch = this.#waiting.filter((_, i) => chosen.has(i));
      this.#waiting = this.#waiting.filter((_, i) => !chosen.has(i));
      void this.#send(batch);
    }
  }

  async #send(batch: Waiting<I>[]): Promise<void> {
    this.#running++;
    try {
      const rows = await this.extract(batch.map(({ item }) => item));
      const dim = rows.length / batch.length;
      batch.forEach((waiting, i) => waiting.resolve(rows.slice(i * dim, (i + 1) * dim)));
    } catch (error) {
      if (batch.length > 1 && toHeadstartError(error).code === "worker-failed") {
        this.#waiting.unshift(...batch.map((waiting) => ({ ...waiting, alone: true as const })));
      } else {
        batch.forEach((waiting) => waiting.reject(error));
      }
    }
    this.#running--;
    this.#drain();
  }
}
