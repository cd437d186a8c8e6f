import * as Comlink from "comlink";
import type { ExportOptions, Progress } from "../../index";
import { badOption } from "../check";
import type { LearnerPort } from "../protocol";

/** What `learner.export` makes of the model, for other programs. */
export type ModelFormat = "safetensors" | "onnx" | "html";

export function checkFormat(format: unknown, options: ExportOptions): void {
  if (!["project", "safetensors", "onnx", "html"].includes(format as string)) throw badOption("format", '"project", "safetensors", "onnx" or "html"');
  if (options.samples !== undefined && typeof options.samples !== "boolean") throw badOption("samples", "true or false");
}

export async function exported(
  port: Comlink.Remote<LearnerPort>,
  call: number,
  format: ModelFormat,
  samples: boolean,
  progress: (progress: Progress) => Promise<void>,
): Promise<Blob> {
  if (format !== "html") return new Blob([await port.exportFile(call, format, samples, Comlink.proxy(progress))]);
  // The page's script and style are fetched by nobody else.
  const [{ page }, { model, wasm }] = await Promise.all([import("./html"), port.exportPage(call, samples, Comlink.proxy(progress))]);
  return page(model, wasm);
}
