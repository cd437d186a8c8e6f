import type * as Face from "../predict";
import { folderOf } from "./check";
import { HeadstartError, toHeadstartError } from "./errors";
import { toFile } from "./exports/data";
import { Opened } from "./exports/opened";
import { cpuCode, cpuModule } from "./wasm";

export { HeadstartError };

export async function openExport(source: Face.ExportSource, options: Face.OpenExportOptions = {}): Promise<Face.OpenedExport> {
  const [file, code] = await Promise.all([toFile(source), cpuCode(folderOf(options.assets), options.wasm)]);
  try {
    return new Opened(await cpuModule(code), file);
  } catch (error) {
    throw toHeadstartError(error);
  }
}
