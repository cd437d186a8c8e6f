// What a person does with projects. Another one is opened by loading the page again: nothing of the one before is left then.
import type { ProjectInfo, StorageInfo } from "headstart";
import { create } from "zustand";
import { download } from "../parts/download";
import { caged } from "../trust/cage";
import { asJob } from "./jobs";
import { remember } from "./remembered";
import { get, learner, say, sentence } from "./store";
import { nouns, task } from "./task";

interface State {
  /** `null` until they were looked up. */
  list: readonly ProjectInfo[] | null;
  room: StorageInfo | null;
  /** Why something could not be done. */
  problem: string | null;
}

export const useProjects = create<State>()(() => ({ list: null, room: null, problem: null }));

const { setState } = useProjects;

export async function lookUp(): Promise<void> {
  await told(async () => {
    const { listProjects, storage } = await import("../headstart");
    setState({ list: await listProjects() });
    setState({ room: await storage() });
  });
}

export function openNamed(name: string, of: ProjectInfo["task"] = task): void {
  remember(name, of);
  go(of);
}

export function begin(name: string): Promise<boolean> {
  return told(async () => {
    if ((await names()).has(name)) throw new Error(`There is a project called “${name}” already.`);
    openNamed(name);
  });
}

export function rename(from: string, to: string): Promise<boolean> {
  return told(async () => {
    const { renameProject } = await import("../headstart");
    const here = get().project?.name === from;
    await renameProject(from, to);
    if (here) remember(to);
    await lookUp();
    say(`${from} is now called ${to}.`);
  });
}

export function drop({ name }: Pick<ProjectInfo, "name">): Promise<boolean> {
  return told(async () => {
    const { deleteProject, listProjects } = await import("../headstart");
    const here = get().project?.name === name;
    // A project that is open cannot be deleted, and nothing is to be written to it any more.
    if (here) await learner().close();
    const saved = (await listProjects()).some((project) => project.name === name);
    if (saved) await deleteProject(name);
    if (!here) {
      await lookUp();
      return say(`${name} was deleted.`);
    }
    const [next] = (await listProjects()).filter((project) => project.task === task);
    openNamed(next?.name ?? (await freeName()));
  });
}

/** As a file, to keep or to carry to another machine. */
export function saveFile(samples: boolean): Promise<boolean> {
  return told(async () => {
    const name = get().project?.name ?? nouns;
    await asJob("project", "Writing the file", "The file was not written.", async (signal, progress) => {
      const notes: string[] = [];
      const file = await learner().export("project", { samples, signal, onProgress: (p) => (p.note ? notes.push(p.note) : progress(p)) });
      download(file, `${name.replace(/[\\/:*?"<>|]/g, "-")}.headstart`);
      say(notes.length > 0 ? `Saved as a file, but ${notes.join("; ")}.` : `${name} was saved as a file.`);
    });
  });
}

/** Of a file: saved here under its own name, or one like it, and opened. */
export function openFile(file: Blob): Promise<boolean> {
  return told(async () => {
    const { deleteProject, openProject, workerScript } = await import("../headstart");
    const name = await freeName(fileName(file));
    let of: ProjectInfo["task"] = task;
    const failed = (error: unknown): never => {
      setState({ problem: sentence(error) });
      throw error;
    };
    const done = await asJob("project", "Opening the file", "The file was not opened.", async (signal, progress) => {
      // One worker: the learner of this page goes on beside it until the page is loaded again.
      const other = await openProject(file, { project: name, device: "cpu", workers: 1, worker: () => caged(workerScript), signal, onProgress: progress }).catch(failed);
      try {
        await other.save();
        of = other.task;
      } catch (error) {
        // A part of it would pass for the whole.
        await other.close();
        await deleteProject(name).catch(() => {});
        failed(error);
      } finally {
        await other.close();
      }
    });
    if (done) openNamed(name, of);
  });
}

export function saveAgain(): Promise<boolean> {
  return told(async () => {
    await learner().save();
    say("All is saved again.");
  });
}

/** A name that no project has. */
export async function freeName(wanted = task === "text" ? "My texts" : "My pictures"): Promise<string> {
  const taken = await names();
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted} ${n}`;
  return name;
}

async function names(): Promise<Set<string>> {
  const { listProjects } = await import("../headstart");
  const open = get().project?.name;
  return new Set([...(await listProjects()).map(({ name }) => name), ...(open === undefined ? [] : [open])]);
}

function fileName(file: Blob): string | undefined {
  const name = file instanceof File ? file.name.replace(/(\.headstart)?( ?\(\d+\))?$/, "").trim() : "";
  return name === "" ? undefined : name;
}

function go(of: ProjectInfo["task"]): void {
  if (of === task) location.reload();
  else location.search = of === "text" ? "?task=text" : "";
}

/** A failure stays on show in the window of projects. → whether it went well. */
async function told(work: () => Promise<void>): Promise<boolean> {
  setState({ problem: null });
  try {
    await work();
    return true;
  } catch (error) {
    setState({ problem: sentence(error) });
    say(sentence(error));
    return false;
  }
}
