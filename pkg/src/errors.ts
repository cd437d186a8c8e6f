import * as Comlink from "comlink";
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

type Wire = { aborted: true } | { code: ErrorCode; message: string; item?: string };

/**
 * Comlink carries only an error's name and message over a border. Ours have a code, and an abort has a reason that only
 * the side with the signal knows. Called when a side starts, not at import.
 */
export function installErrorTransfer(): void {
  // Not read at import: `headstart/predict` throws these errors too, and has no border.
  const { canHandle } = Comlink.transferHandlers.get("throw")!;
  Comlink.transferHandlers.set("throw", {
    canHandle: canHandle as (value: unknown) => value is { value: unknown },
    serialize: ({ value }: { value: unknown }): [Wire, Transferable[]] => {
      if (value instanceof Aborted) return [{ aborted: true }, []];
      const { code, message, item } = toHeadstartError(value);
      return [{ code, message, item }, []];
    },
    deserialize: (wire: Wire) => {
      throw "aborted" in wire ? new Aborted() : new HeadstartError(wire.code, wire.message, wire.item);
    },
  });
}

/** Thrown by the worker where a call was aborted; the face turns it into `signal.reason`. */
export class Aborted extends Error {}
