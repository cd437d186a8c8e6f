import * as Comlink from "comlink";
import type { ErrorCode } from "../index";
import { HeadstartError, toHeadstartError } from "./errors";

type Wire = { aborted: true } | { code: ErrorCode; message: string; item?: string };

/**
 * Comlink carries only an error's name and message over a border. Ours have a code, and an abort has a reason that only
 * the side with the signal knows. Called when a side starts, not at import.
 */
export function installErrorTransfer(): void {
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
