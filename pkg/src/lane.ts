type Waiting = { pixels: Uint8Array; signal: AbortSignal; resolve: (row: Float32Array) => void; reject: (error: unknown) => void };

/**
 * Gathers pictures into bounded batches for a device that is better at many than at one. Only one batch is on its way;
 * what arrives meanwhile makes the next.
 */
export class Lane {
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(
    readonly batch: number,
    readonly extract: (pixels: Uint8Array, rows: number) => Promise<Float32Array>,
  ) {}

  row(pixels: Uint8Array, signal: AbortSignal): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ pixels, signal, resolve, reject });
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting.length > 0) {
      this.#waiting.filter((item) => item.signal.aborted).forEach((item) => item.reject(item.signal.reason));
      this.#waiting = this.#waiting.filter((item) => !item.signal.aborted);
      const batch = this.#waiting.splice(0, this.batch);
      if (batch.length === 0) break;
      const size = batch[0]!.pixels.length;
      const pixels = new Uint8Array(size * batch.length);
      batch.forEach((item, i) => pixels.set(item.pixels, i * size));
      try {
        const rows = await this.extract(pixels, batch.length);
        const dim = rows.length / batch.length;
        batch.forEach((item, i) => item.resolve(rows.slice(i * dim, (i + 1) * dim)));
      } catch (error) {
        batch.forEach((item) => item.reject(error));
      }
    }
    this.#busy = false;
  }
}
