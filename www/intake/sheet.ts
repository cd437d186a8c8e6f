// A table that comes with pictures: which of its columns names their files, and which has their labels.
import Papa from "papaparse";
import { parsed } from "../state/labels";
import type { Found } from "./found";

export const SHEET_FILES = [".csv", ".tsv"];

export function isSheet({ name }: Found): boolean {
  return SHEET_FILES.some((ending) => name.toLowerCase().endsWith(ending));
}

export interface Line {
  /** As a spreadsheet counts them, from 1. */
  readonly row: number;
  readonly cells: readonly string[];
}

/** What is not said is guessed. */
export interface Columns {
  readonly header: boolean;
  readonly file: number;
  readonly label: number;
}

/** Separated by whatever its lines have the same number of: commas, semicolons, tabs. Blank lines are none. */
export function linesOf(text: string): Line[] {
  const { data } = Papa.parse<string[]>(text);
  return data.map((cells, i) => ({ row: i + 1, cells: cells.map((cell) => cell.trim()) })).filter(({ cells }) => cells.some((cell) => cell !== ""));
}

const FILE = ["file", "filename", "file_name", "image", "picture", "path", "name"];
const LABEL = ["number", "value", "label", "class", "target", "labels", "category", "rating", "score"];

/** `names`: whether a cell names a picture that is here. */
export function guessedColumns(lines: readonly Line[], names: (cell: string) => boolean): Columns {
  const all = Array.from({ length: widthOf(lines) }, (_, i) => i);
  const share = (column: number, is: (cell: string) => boolean) => lines.filter(({ cells }) => is(cells[column] ?? "")).length;
  const [first] = lines;
  const called = (column: number, wanted: readonly string[]) => wanted.includes(first?.cells[column]?.toLowerCase() ?? "");
  const file = best(all, (column) => 2 * share(column, names) + (called(column, FILE) ? 1 : 0));
  const rest = all.filter((column) => column !== file);
  const isNumber = (cell: string) => parsed(cell) !== null;
  const label = rest.find((column) => called(column, LABEL)) ?? rest.find((column) => 1 + share(column, isNumber) >= 0.9 * lines.length) ?? rest[0] ?? file;
  const head = first?.cells[file] ?? "";
  // A row of the table may name a picture that is not here: that has an ending, and a heading has none.
  return { file, label, header: called(file, FILE) || (!names(head) && !/\.\w{2,5}$/.test(head)) };
}

function best(columns: readonly number[], worth: (column: number) => number): number {
  return columns.reduce((a, b) => (worth(b) > worth(a) ? b : a), 0);
}

export function widthOf(lines: readonly Line[]): number {
  return lines.reduce((width, { cells }) => Math.max(width, cells.length), 0);
}

export function headings(lines: readonly Line[], header: boolean): string[] {
  return Array.from({ length: widthOf(lines) }, (_, i) => (header && lines[0]?.cells[i]) || `column ${i + 1}`);
}
