import { HeadstartError } from "../errors";

/** So long a project of this name may still be held by a page that is just going, as after a reload. */
const PATIENCE = 1500;

export type Release = () => Promise<void>;

/**
 * Holds a project, so that no other tab writes into it; the browser lets go of it when the page ends, however it ends.
 *
 * Errors: `project-open`, `no-storage`.
 */
export async function hold(name: string): Promise<Release> {
  const { locks } = navigator as { locks?: LockManager };
  // Without them two tabs would write over each other's samples.
  if (!locks) throw new HeadstartError("no-storage", "projects need a page from https or from this machine: elsewhere the browser has no locks");
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  return new Promise<Release>((resolve, reject) => {
    const over = locks.request(`headstart project ${name}`, { signal: AbortSignal.timeout(PATIENCE) }, () => {
      resolve(async () => {
        release();
        await over;
      });
      return held;
    });
    over.catch((error: Error) => {
      const open = ["AbortError", "TimeoutError"].includes(error.name);
      reject(open
        ? new HeadstartError("project-open", `“${name}” is open in another tab; close it there, or open another project`, name)
        : new HeadstartError("no-storage", `this browser gives this page no locks, which projects need (${error.message}); leave \`project\` out to work in memory`));
    });
  });
}
