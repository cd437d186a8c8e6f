import { hasCode, toHeadstartError } from "./errors";

type Task<W> = { run: (worker: W) => Promise<void>; fail: (error: unknown) => void; signal: AbortSignal };

/**
 * Deals tasks to workers, one at a time each. Urgent ones go first: a picture that is decoded waits in memory until it
 * has been through the backbone.
 *
 * A worker whose wasm has trapped is of no more use, so it is replaced; only the task that broke it fails.
 */
export class Pool<W> {
  readonly size: number;
  #idle: W[] = [];
  #urgent: Task<W>[] = [];
  #waiting: Task<W>[] = [];
  #renew: (broken: W) => Promise<W>;
  #alive: number;
  /** Why the last worker could not be replaced. */
  #end: unknown;

  constructor(workers: W[], renew: (broken: W) => Promise<W>) {
    this.size = this.#alive = workers.length;
    this.#idle = [...workers];
    this.#renew = renew;
  }

  run<T>(work: (worker: W) => Promise<T>, signal: AbortSignal, urgent = false): Promise<T> {
    return new Promise<T>((resolve, fail) => {
      const run = async (worker: W) => resolve(await work(worker));
      (urgent ? this.#urgent : this.#waiting).push({ run, fail, signal });
      this.#deal();
    });
  }

  #deal(): void {
    while (this.#idle.length > 0 || this.#alive === 0) {
      const task = this.#urgent.shift() ?? this.#waiting.shift();
      if (!task) return;
      if (task.signal.aborted) task.fail(task.signal.reason);
      else if (this.#alive === 0) task.fail(this.#end);
      else void this.#give(task, this.#idle.pop()!);
    }
  }

  async #give(task: Task<W>, worker: W): Promise<void> {
    try {
      await task.run(worker);
      this.#idle.push(worker);
    } catch (error) {
      task.fail(error);
      const broken = !hasCode(error) || toHeadstartError(error).code === "worker-failed";
      await this.#back(worker, broken);
    }
    this.#deal();
  }

  async #back(worker: W, broken: boolean): Promise<void> {
    try {
      this.#idle.push(broken ? await this.#renew(worker) : worker);
    } catch (error) {
      // The others go on; without any left, every task hears why.
      this.#alive--;
      this.#end = error;
    }
  }
}
