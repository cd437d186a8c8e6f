// The beginning of a project file: a safetensors file, whose header says where everything is. docs/project-format.md
import type { ModelInfo } from "../../index";
import { HeadstartError } from "../errors";
import { readBlob } from "../input";
import type { ProjectSettings } from "./store";

/** The version that this Headstart writes, and the last that it reads. */
const VERSION = 1;
/** A header of this size would be of millions of samples. */
const MOST = 512 * 2 ** 20;

export type FileSettings = ProjectSettings & { name?: string; created?: number; model?: ModelInfo | null };

export interface Header {
  settings: FileSettings;
  /** Bytes before the sources, which come last. */
  head: number;
}

/** Errors: `bad-project`, `project-too-new`, `unreadable`. */
export async function readHeader(file: Blob): Promise<Header> {
  if (file.size < 8) throw bad("it is too short to be one");
  const length = new DataView((await readBlob(file.slice(0, 8))).buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(MOST, file.size - 8))) throw bad("it is no project file, or a part of one");
  const start = 8 + Number(length);
  let header: Record<string, Record<string, unknown>>;
  let settings: FileSettings;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await readBlob(file.slice(8, start))));
  } catch (error) {
    if (error instanceof HeadstartError) throw error;
    throw bad("its header cannot be read");
  }
  const { format, version, project } = header.__metadata__ ?? {};
  if (format !== "headstart-project") throw bad("it is another kind of safetensors file");
  if (!(Number(version) >= 1)) throw bad(`its version is ${String(version)}`);
  if (Number(version) > VERSION) {
    throw new HeadstartError("project-too-new", `this project was saved by a newer version of Headstart (format ${String(version)}; this one reads up to ${VERSION}); open it with that one`);
  }
  try {
    settings = JSON.parse(String(project)).settings;
    if (typeof settings.backbone.sha256 !== "string" || !["image", "text"].includes(settings.task)) throw new Error();
  } catch {
    throw bad("its settings cannot be read");
  }
  const starts = Object.entries(header).flatMap(([name, entry]) => (name.startsWith("source/") ? [entry.data_offsets as unknown as number[]] : [])).map(([at]) => at!);
  const head = Math.min(file.size, ...starts.map((at) => start + at));
  return { settings, head };
}

function bad(why: string): HeadstartError {
  return new HeadstartError("bad-project", `this file cannot be opened as a project: ${why}; a project file ends in .headstart, and \`export("project")\` writes it`);
}
