import type { PredictData } from "../../predict";
import { HeadstartError } from "../errors";
import { readBlob, toInput } from "../input";
import { type PixelPicture, readPixels } from "../pixels";

/** What can be predicted, in the form that the module takes it. */
export type Given =
  | { text: string }
  | { file: Uint8Array; blob?: Blob }
  | PixelPicture;

/** Errors: `bad-sample`, `unreadable`, `empty`, `unsupported-encoding`, `bad-image`. */
export async function toGiven(task: "image" | "text", data: PredictData): Promise<Given> {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  if (bytes instanceof Uint8Array) {
    // In a Blob, so that bytes that are no UTF-8 are refused by the same code as a file.
    return task === "text" ? toGiven(task, new Blob([bytes as BlobPart])) : { file: bytes };
  }
  const input = await toInput(task, bytes as Exclude<PredictData, ArrayBuffer | Uint8Array>);
  if ("text" in input) return input;
  return "blob" in input ? { file: await readBlob(input.blob), blob: input.blob } : readPixels(input);
}

/** The bytes of an export. */
export async function toFile(source: Uint8Array | ArrayBuffer | Blob | Response): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return readBlob(source);
  if (!(source instanceof Response)) throw new HeadstartError("bad-option", "an export is given as Uint8Array, ArrayBuffer, Blob or Response", "source");
  if (!source.ok) throw new HeadstartError("network", `${source.url} answered ${source.status}`, source.url);
  const body = await source.arrayBuffer().catch((error: unknown) => {
    throw new HeadstartError("network", `${source.url} broke off: ${error instanceof Error ? error.message : String(error)}`, source.url);
  });
  return new Uint8Array(body);
}
