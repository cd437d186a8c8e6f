// Tables that wait to be looked at, one after another.
import { useState } from "react";
import type { Found } from "../intake/found";
import { get, sentence, set } from "./store";

export interface Source {
  readonly id: number;
  readonly name: string;
  readonly content: Blob | string;
}

let opened = 0;

export interface Tables {
  waiting: readonly Source[];
  ask: (name: string, content: Blob | string) => void;
  /** Those that can be read; the others are listed. → how many can. */
  askFor: (found: readonly Found[]) => Promise<number>;
  next: () => void;
  none: () => void;
}

export function useTables(): Tables {
  const [waiting, setWaiting] = useState<readonly Source[]>([]);
  const ask = (name: string, content: Blob | string) => setWaiting((before) => [...before, { id: opened++, name, content }]);
  const askFor = async (found: readonly Found[]) => {
    let asked = 0;
    for (const { name, path, open } of found) {
      try {
        const content = await open();
        // What comes out of a zip has no name, and the name tells the format.
        ask(name, content instanceof File ? content : new File([content], name));
        asked++;
      } catch (error) {
        set({ problems: [...get().problems, { name: path, code: "unreadable", message: sentence(error) }] });
      }
    }
    return asked;
  };
  return { waiting, ask, askFor, next: () => setWaiting((before) => before.slice(1)), none: () => setWaiting([]) };
}
