import type { ErrorCode } from "../index";

export class HeadstartError extends Error {
  override readonly name = "HeadstartError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly item?: string,
  ) {
    super(message);
  }
}

/** Errors that our own code made carry a code, from Rust too; what has none is a bug or a wasm trap. */
export function hasCode(error: unknown): error is { code: ErrorCode; message: string; item?: string } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === "string";
}

export function toHeadstartError(error: unknown): HeadstartError {
  if (error instanceof HeadstartError) return error;
  if (hasCode(error)) return new HeadstartError(error.code, error.message, error.item);
  const why = error instanceof Error ? error.message : String(error);
  return new HeadstartError("worker-failed", `something broke inside Headstart (${why}); please report it`);
}

/** A worker or its GPU that is of no use any more: no fault of the sample it was at. */
export function brokeDown(error: unknown): boolean {
  return ["worker-failed", "gpu-lost", "gpu-wrong", "no-webgpu"].includes(toHeadstartError(error).code);
}
