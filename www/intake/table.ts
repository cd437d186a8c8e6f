// Which of the files that came are tables to import, and which are a text each.
import type { Found } from "./found";

export const TABLES = [".csv", ".tsv", ".tab", ".jsonl", ".ndjson"] as const;
export const TABLE_FILES = [...TABLES, ".txt", ".zip"];

/** A .txt in a folder is one text, with the folder as its label; by itself it holds one text a line. */
export function isTable({ name, folder }: Found): boolean {
  const ending = name.toLowerCase();
  return TABLES.some((table) => ending.endsWith(table)) || folder === null;
}

/** Reads a file that is one text. Throws when it is not UTF-8. */
export async function textOfFile(found: Found): Promise<string> {
  const bytes = await (await found.open()).arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("this file is not UTF-8; save it again as UTF-8");
  }
}
