// Which of the files that came are tables to import, and which are a text each.
import type { Found } from "./found";

const TABLES = [".csv", ".tsv", ".tab", ".jsonl", ".ndjson"];
export const TABLE_FILES = [...TABLES, ".txt", ".zip"];

/** A .txt is one text, in a folder with the folder as its label; one that comes alone holds a text a line. */
export function sorted(found: readonly Found[]): { texts: Found[]; tables: Found[] } {
  const isTable = ({ name, folder }: Found) => TABLES.some((ending) => name.toLowerCase().endsWith(ending)) || (folder === null && found.length === 1);
  return { texts: found.filter((f) => !isTable(f)), tables: found.filter(isTable) };
}

/** Reads a file that is one text. Throws, with our codes, when it is empty or not UTF-8. */
export async function textOfFile({ open }: Pick<Found, "open">): Promise<string> {
  const bytes = await (await open()).arrayBuffer();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw Object.assign(new Error("this file is not UTF-8; save it again as UTF-8"), { code: "unsupported-encoding" });
  }
  if (text.trim() === "") throw Object.assign(new Error("there is no text in it"), { code: "empty" });
  return text;
}
