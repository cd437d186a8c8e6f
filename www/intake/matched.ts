// Which picture a row of a table means.

export interface Row {
  readonly row: number;
  readonly name: string;
  readonly label: string;
}

export interface Pathed {
  /** With the folders it lay in, as far as they are known. */
  readonly path: string;
}

export interface Matched<T> {
  readonly of: ReadonlyMap<T, Row>;
  /** Rows that name no picture. */
  readonly missing: readonly Row[];
  /** Rows that may mean several pictures, and rows that name one again, with another label. */
  readonly unclear: readonly { readonly row: Row; readonly why: string }[];
  /** Pictures without a row. */
  readonly bare: readonly T[];
}

/**
 * A row names a picture by its path as far as both have one; else by the file's name, where that is enough; else by the name
 * without its ending. Upper and lower case count only where nothing else tells two apart.
 */
export function matched<T extends Pathed>(rows: readonly Row[], pictures: readonly T[]): Matched<T> {
  const of = new Map<T, Row>();
  const unclear: { row: Row; why: string }[] = [];
  let open = rows;
  for (const [key, fits] of WAYS) {
    const byKey = Map.groupBy(pictures.filter((picture) => !of.has(picture)), ({ path }) => key(path));
    const taken = new Map<T, Row>();
    open = open.filter((row) => {
      const all = (byKey.get(base(row.name)) ?? []).filter(({ path }) => fits(path, row.name));
      const exact = all.filter(({ path }) => partsOf(path).at(-1) === partsOf(row.name).at(-1));
      const [picture, ...others] = all.length > 1 && exact.length > 0 ? exact : all;
      if (!picture) return true;
      const before = taken.get(picture);
      if (others.length > 0) unclear.push({ row, why: `${others.length + 1} pictures are called ${row.name}: name their folders too` });
      else if (!before) taken.set(picture, row);
      else if (before.label !== row.label) unclear.push({ row, why: `row ${before.row} names ${row.name} too, with another label; that one counts` });
      return false;
    });
    for (const [picture, row] of taken) of.set(picture, row);
  }
  return { of, missing: open, unclear, bare: pictures.filter((picture) => !of.has(picture)) };
}

type Key = (path: string) => string;

const base: Key = (path) => lower(path).at(-1) ?? "";
const stem: Key = (path) => base(path).replace(/\.\w{2,5}$/, "");

/** What a picture is looked up by, and whether the whole paths fit. */
const WAYS: readonly (readonly [Key, (path: string, name: string) => boolean])[] = [
  [base, overlap],
  [base, () => true],
  [stem, () => true],
];

/** Whether the shorter path is the end of the longer one. */
function overlap(path: string, name: string): boolean {
  const [a, b] = [lower(path).reverse(), lower(name).reverse()];
  return a.slice(0, b.length).every((part, i) => part === (b[i] ?? part));
}

/** Some systems take letters apart from their accents, and some have the other slash. */
function partsOf(path: string): string[] {
  return path.normalize("NFC").replaceAll("\\", "/").split("/").filter((part) => part !== "" && part !== ".");
}

function lower(path: string): string[] {
  return partsOf(path.toLowerCase());
}
