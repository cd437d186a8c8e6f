// What a table says of pictures.
import type { Label } from "headstart";
import type { Kind } from "../state/labels";
import type { Tabled } from "../state/samples";
import type { Found } from "./found";
import { asKind } from "./labelled";
import { type Matched, type Pathed, type Row, matched } from "./matched";
import type { Columns, Line } from "./sheet";

export type Here = Pathed & { readonly id: string };
/** Pictures that came with the table, and what is here already: a table may come after its pictures. */
export type Both = { these: Matched<Found>; others: Matched<Here> };

export interface Meant extends Omit<Tabled, "kind"> {
  readonly left: readonly { readonly row: number; readonly why: string }[];
  /** Of the pictures that came with it. */
  readonly bare: readonly Found[];
}

export function paired(rows: readonly Row[], pictures: readonly Found[], here: readonly Here[]): Both {
  const these = matched(rows, pictures);
  return { these, others: matched(these.missing, here) };
}

/** What the rows say, where each label is of this kind. The pictures stay in their order. */
export function meantBy({ these, others }: Both, found: readonly Found[], kind: Kind): Meant {
  const left = [...these.unclear, ...others.unclear].map(({ row, why }) => ({ row: row.row, why }));
  left.push(...others.missing.map((row) => ({ row: row.row, why: row.name === "" ? "it names no file" : `no picture here is called ${row.name}` })));
  const labelOf = (row: Row): Label | null => {
    if (row.label === "") return null;
    const label = asKind(row.label, kind);
    if (label === null) left.push({ row: row.row, why: `“${row.label}” is no number` });
    return label;
  };
  const pictures = found.map((picture) => {
    const row = these.of.get(picture);
    return { ...picture, label: row ? labelOf(row) : null };
  });
  const here = new Map<string, Label>();
  for (const [{ id }, row] of others.of) {
    const label = labelOf(row);
    if (label !== null) here.set(id, label);
  }
  return { pictures, here, bare: pictures.filter(({ label }) => label === null), left };
}

export function rowsOf(lines: readonly Line[], { header, file, label }: Columns): Row[] {
  // Of a table with one column the names are no labels.
  return lines.slice(header ? 1 : 0).map(({ row, cells }) => ({ row, name: cells[file] ?? "", label: label === file ? "" : (cells[label] ?? "") }));
}

/** What a picture may be called in a table: its file's name, with its ending or without. */
export function wordings(path: string): string[] {
  const name = path.normalize("NFC").toLowerCase().split(/[\\/]/).at(-1)!;
  return [name, name.replace(/\.\w{2,5}$/, "")];
}
