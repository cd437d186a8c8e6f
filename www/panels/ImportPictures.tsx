import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import type { Found } from "../intake/found";
import { READINGS, asKind, guessed } from "../intake/labelled";
import type { Row } from "../intake/matched";
import { type Columns, type Sheet, guessedColumns, headings, sheetOf } from "../intake/sheet";
import { textOfFile } from "../intake/table";
import { type Both, type Meant, meantBy, paired, rowsOf, wordings } from "../intake/tabled";
import { Check } from "../parts/Check";
import { Choose } from "../parts/Choose";
import { Window } from "../parts/Window";
import { useMembers } from "../parts/useMembers";
import { type Kind, figure, goTogether, parsed, shown } from "../state/labels";
import type { Tabled } from "../state/samples";
import { type Problem, sentence, useRunning, useStore } from "../state/store";
import type { Source } from "../state/tables";
import { count } from "../state/words";

/** Rows of the preview. */
const SHOWN = 5;
const LISTED = 500;

interface Props {
  source: Source;
  /** That came with it. */
  pictures: readonly Found[];
  onTable: (tabled: Tabled, left: Problem[]) => void;
  /** The pictures alone, as if there were no table. */
  onWithout: () => void;
  onClose: () => void;
}

/** Shows which picture each row of a table means, before its labels are taken. */
export function ImportPictures({ source, pictures, onTable, onWithout, onClose }: Props) {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const { content } = source;
    const blob = typeof content === "string" ? new Blob([content]) : content;
    textOfFile({ open: async () => blob }).then((text) => setSheet(sheetOf(text)), (error: unknown) => setProblem(sentence(error)));
  }, [source]);
  return (
    <Window title={`Labels from ${source.name}`} wide onClose={onClose}>
      {problem && <p role="alert">{problem}</p>}
      {sheet ? (
        <Read source={source} sheet={sheet} pictures={pictures} onTable={onTable} onWithout={onWithout} onClose={onClose} />
      ) : (
        <Buttons pictures={pictures} onWithout={onWithout} onClose={onClose} />
      )}
    </Window>
  );
}

function Buttons({ pictures, onWithout, onClose, children }: Pick<Props, "pictures" | "onWithout" | "onClose"> & { children?: ReactNode }) {
  return (
    <div className="row end">
      <Button className="button quiet" onPress={onClose}>
        Cancel
      </Button>
      {pictures.length > 0 && (
        <Button className="button quiet" onPress={onWithout}>
          Add {count(pictures.length, "picture")} without it
        </Button>
      )}
      {children}
    </div>
  );
}

function Read({ source, sheet, pictures, onTable, onWithout, onClose }: Props & { sheet: Sheet }) {
  const { lines, broken } = sheet;
  const known = useMembers();
  const kind = useStore((s) => s.kind);
  const labelled = useStore((s) => s.classes.some((c) => c.name !== "" && c.members.length > 0));
  const collecting = useRunning("collect");
  const [said, setSaid] = useState<Partial<Columns>>({});
  const [asked, setReading] = useState<Kind | null>(null);
  const here = useMemo(() => [...known.values()].map(({ id, name }) => ({ id, path: name })), [known]);
  const columns = useMemo(() => {
    const names = new Set([...pictures, ...here].flatMap(({ path }) => wordings(path)));
    return { ...guessedColumns(lines, (cell) => wordings(cell).some((word) => names.has(word))), ...said };
  }, [lines, pictures, here, said]);
  const rows = useMemo(() => rowsOf(lines, columns), [lines, columns]);
  const cells = rows.flatMap(({ label }) => (label === "" ? [] : label));
  // What they are to get has been said, where there are some.
  const reading = asked ?? (kind === "numbers" && cells.some((cell) => parsed(cell) !== null) ? "numbers" : guessed(cells));
  const pairs = useMemo(() => paired(rows, pictures, here), [rows, pictures, here]);
  const table = useMemo(() => meantBy(pairs, pictures, reading), [pairs, pictures, reading]);
  const names = headings(lines, columns.header).map((name, i) => [String(i), name] as const);
  const labels = table.pictures.length - table.bare.length + table.here.size;
  const bad = [...broken, ...table.left].sort((a, b) => a.row - b.row);
  const left = bad.map(({ row, why }) => ({ name: `${source.name}, row ${row}`, code: "bad-line", message: why }));
  return (
    <>
      <div className="row">
        <Choose label="Files" value={String(columns.file)} choices={names} onChoose={(file) => setSaid({ ...said, file: Number(file) })} />
        <Choose label="Labels" value={String(columns.label)} choices={names} onChoose={(label) => setSaid({ ...said, label: Number(label) })} />
        <Choose label="Each label is" value={reading} choices={READINGS} onChoose={setReading} />
      </div>
      <Check isSelected={columns.header} onChange={(header) => setSaid({ ...said, header })}>
        The first row names the columns
      </Check>
      <Preview rows={rows} pairs={pairs} reading={reading} />
      <p className="note">{summary(table, rows.length)}</p>
      {labelled && !goTogether(kind, reading) && (
        <p className="note warn">
          The pictures that are here have {kind === "numbers" ? "numbers, and numbers do not mix with classes: each becomes a class, if they are few" : "classes, and classes do not mix with numbers: a class whose name is a number becomes that number"}; the
          others wait for a label. Undo takes it back.
        </p>
      )}
      <Listed title={`${count(bad.length, "row")} cannot be used`} items={bad.map(({ row, why }) => `row ${row}: ${why}`)} />
      <Listed title={`${count(table.bare.length, "picture has", "pictures have")} no label in it, and ${table.bare.length === 1 ? "waits" : "wait"} for one`} items={table.bare.map(({ path }) => path)} />
      <Buttons pictures={pictures} onWithout={onWithout} onClose={onClose}>
        <Button className="button" isDisabled={collecting || labels === 0} onPress={() => onTable({ kind: reading, ...table }, left)}>
          {pictures.length === 0 ? `Label ${count(table.here.size, "picture")}` : `Add ${count(pictures.length, "picture")}${table.here.size > 0 ? ` and label ${table.here.size} more` : ""}`}
        </Button>
      </Buttons>
    </>
  );
}

function Preview({ rows, pairs: { these, others }, reading }: { rows: readonly Row[]; pairs: Both; reading: Kind }) {
  const pictures = useMemo(() => new Map([...these.of, ...others.of].map(([{ path }, row]) => [row, path])), [these, others]);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="The first rows">
      <table className="preview">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Label</th>
            <th scope="col">Picture</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row) => (
            <tr key={row.row}>
              <td>{row.name}</td>
              <td>{saidAs(row.label, reading)}</td>
              <td>{pictures.get(row) ?? <span className="warn">none here</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function saidAs(cell: string, kind: Kind) {
  if (cell === "") return <span className="soft">none</span>;
  const label = asKind(cell, kind);
  return label === null ? <span className="warn">{cell}, no number</span> : shown(label);
}

function Listed({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <details className="as-table">
      <summary>{title}</summary>
      <div className="listed" tabIndex={0} role="region" aria-label={title}>
        <ul>
          {items.slice(0, LISTED).map((item, i) => (
            <li key={i}>{item}</li>
          ))}
        </ul>
      </div>
      {items.length > LISTED && <p className="note">and {(items.length - LISTED).toLocaleString("en")} more.</p>}
    </details>
  );
}

function summary({ pictures, here }: Meant, rows: number): string {
  const labels = [...pictures.map(({ label }) => label), ...here.values()].filter((label) => label !== null);
  const numbers = labels.filter((label) => typeof label === "number");
  const names = new Set(labels.flatMap((label) => (typeof label === "number" ? [] : label)));
  const parts = [`${count(rows, "row")}, ${count(labels.length, "label")} for a picture`];
  if (numbers.length > 0) parts.push(`numbers from ${figure(numbers.reduce((a, b) => Math.min(a, b)))} to ${figure(numbers.reduce((a, b) => Math.max(a, b)))}`);
  if (names.size > 0) parts.push(`${count(names.size, "class", "classes")}: ${[...names].slice(0, 5).join(", ")}${names.size > 5 ? ", …" : ""}`);
  return `${parts.join("; ")}.`;
}
