const OVER = Symbol("over");

/**
 * Runs `work` for every item, at most `room` at once, and waits for all that was begun. Stops reading when `halt` is aborted
 * (even while the iterable keeps it waiting) and when `work` or the iterable throws; then rejects with what was thrown.
 */
export async function each<T>(
  items: Iterable<T> | AsyncIterable<T>,
  room: number,
  halt: AbortSignal,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  let over = false;
  let wake = () => {};
  const end = () => {
    over = true;
    wake();
  };
  if (halt.aborted) end();
  halt.addEventListener("abort", end);
  // Not Promise.race with one long promise: that would collect a listener for every item.
  const orOver = <V>(promise: V | Promise<V>) =>
    new Promise<V | typeof OVER>((resolve, reject) => {
      wake = () => resolve(OVER);
      if (over) wake();
      Promise.resolve(promise).then(resolve, reject);
    });
  try {
    for (let index = 0; ; index++) {
      const next = await orOver(iterator.next());
      if (next === OVER) {
        // Not awaited: a generator that waits for something answers only after that.
        void Promise.resolve(iterator.return?.()).catch(() => {});
        break;
      }
      if (next.done) break;
      const task: Promise<void> = work(next.value, index)
        .catch((error: unknown) => {
          failure ??= { error };
          end();
        })
        .finally(() => running.delete(task));
      running.add(task);
      if (running.size >= room) await orOver(Promise.race(running));
    }
  } catch (error) {
    failure ??= { error };
  }
  await Promise.all(running);
  halt.removeEventListener("abort", end);
  if (failure) throw failure.error;
}
