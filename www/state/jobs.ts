import { type Job, type State, get, say, sentence, set } from "./store";

type Name = keyof State["jobs"];
/** How far it is. `title` and `since`: of what is under way now, where a job is several things one after another. */
type Way = Pick<Job, "done" | "total"> & Partial<Pick<Job, "title" | "since">>;

/**
 * Runs `work` as the job `name`, with progress on show and a Stop that aborts its signal. A failure becomes the status
 * line. → whether it came to its end.
 */
export async function asJob(
  name: Name,
  title: string,
  stopped: string,
  work: (signal: AbortSignal, progress: (p: Way) => void) => Promise<void>,
): Promise<boolean> {
  const abort = new AbortController();
  const show = (change: Partial<Job>) => {
    const job = get().jobs[name];
    if (job?.stop === stop) set({ jobs: { ...get().jobs, [name]: { ...job, ...change } } });
  };
  const stop = () => abort.abort();
  set({ jobs: { ...get().jobs, [name]: { title, done: 0, total: 0, since: performance.now(), stop } } });
  let drawn = 0;
  try {
    await work(abort.signal, ({ done, total, title, since }) => {
      // More often than this nobody sees, and every change draws.
      if (done < total && performance.now() - drawn < 100) return;
      drawn = performance.now();
      show({ done, total, ...(title === undefined ? {} : { title }), ...(since === undefined ? {} : { since }) });
    });
    return true;
  } catch (error) {
    say(abort.signal.aborted ? stopped : sentence(error));
    return false;
  } finally {
    const { [name]: job, ...others } = get().jobs;
    if (job?.stop === stop) set({ jobs: others });
  }
}
