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

export interface Sheet {
  readonly lines: readonly Line[];
  /** Where quotes are not closed as they should be: what follows may have been read as one cell. */
  readonly broken: readonly { readonly row: number; readonly why: string }[];
}

/** Separated by whatever its lines have the same number of: commas, semicolons, tabs. Blank lines are none. */
export function sheetOf(text: string): Sheet {
  const { data, errors } = Papa.parse<string[]>(text);
  const lines = data.map((cells, i) => ({ row: i + 1, cells: cells.map((cell) => cell.trim()) })).filter(({ cells }) => cells.some((cell) => cell !== ""));
  const quotes = errors.filter(({ type }) => type === "Quotes");
  return { lines, broken: quotes.map(({ row = 0 }) => ({ row: row + 1, why: "its quotes are not closed: what follows may have been read as one cell" })) };
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
  // What comes before the names is a running number as a rule.
  const rest = [...all.slice(file + 1), ...all.slice(0, file)];
  const numbers = (column: number) => share(column, (cell) => parsed(cell) !== null);
  // A heading is none.
  const isNumeric = (column: number) => numbers(column) > 0 && 1 + numbers(column) >= 0.9 * share(column, (cell) => cell !== "");
  const label = rest.find((column) => called(column, LABEL)) ?? rest.find(isNumeric) ?? rest[0] ?? file;
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
