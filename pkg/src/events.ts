/**
 * Events from a worker as an async iterable. The worker waits until an event has been taken and the next is asked for, so
 * that leaving the loop leaves the work where the loop was.
 */
export class Events<T> {
  #waiting: { event: T; answer: (goOn: boolean) => void }[] = [];
  #wake = () => {};
  #ended = false;

  /** → whether anybody still listens, once the event has been taken. */
  emit(event: T): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    return new Promise((answer) => {
      this.#waiting.push({ event, answer });
      this.#wake();
    });
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let last: ((goOn: boolean) => void) | undefined;
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next) {
          last = next.answer;
          yield next.event;
          last(true);
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.#ended = true;
      last?.(false);
      this.#waiting.forEach(({ answer }) => answer(false));
    }
  }
}
