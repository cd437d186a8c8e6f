// What the page does with projects that are not open.
import type { ProjectInfo, StorageInfo } from "../../index";
import { badOption } from "../check";
import { HeadstartError } from "../errors";
import { hold } from "./lock";
import { list, remove, rename, withStore } from "./store";

export function listProjects(): Promise<ProjectInfo[]> {
  return withStore(list);
}

export async function deleteProject(name: string): Promise<void> {
  const release = await hold(checkedName(name));
  try {
    await withStore((store) => remove(store, name));
  } finally {
    await release();
  }
}

/** Of a project that is not open; one that is has a learner that does it. */
export async function renameClosed(from: string, to: string): Promise<void> {
  const releases = [await hold(from)];
  try {
    releases.push(await hold(to));
    await withStore((store) => rename(store, from, to));
  } finally {
    for (const release of releases) await release();
  }
}

export async function storage(): Promise<StorageInfo> {
  const { storage } = navigator as { storage?: StorageManager };
  if (!storage?.estimate) throw new HeadstartError("no-storage", "this browser does not say what it keeps for this page");
  const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([storage.estimate(), storage.persisted?.() ?? false]);
  return { bytes: usage, quota, persisted };
}

/** Asks the browser not to make room at this page's cost. A page can do it, a worker cannot. */
export function askToPersist(): void {
  // It may answer no, which `storage()` tells.
  void (navigator as { storage?: StorageManager }).storage?.persist?.().catch(() => {});
}

export function checkedName(name: unknown): string {
  if (typeof name !== "string" || name.trim() === "" || name.length > 200) throw badOption("project", "a name of 1 to 200 characters");
  return name;
}
