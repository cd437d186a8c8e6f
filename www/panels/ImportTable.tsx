import type { ImportOptions, TextImport } from "headstart";
import { useEffect, useState } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { Check } from "../parts/Check";
import { Choose } from "../parts/Choose";
import { Window } from "../parts/Window";
import { type Problem, learner, sentence } from "../state/store";
import type { Source } from "../state/tables";
import { count } from "../state/words";

/** Rows of the preview. */
const SHOWN = 5;
/** Stands for "no column" in a list of columns; no header cell is empty. */
const NONE = "";
const FORMATS = [
  ["csv", "CSV"],
  ["tsv", "Tab-separated"],
  ["jsonl", "JSON Lines"],
  ["lines", "One text a line"],
] as const;

interface Props {
  source: Source;
  /** What is done with its texts. */
  verb: "Add" | "Predict";
  /** Tables that wait behind this one. */
  waiting: number;
  onTexts: (samples: TextImport["samples"], left: Problem[]) => void;
  onClose: () => void;
  onCloseAll: () => void;
}

/** Shows how a table would be read, to put right what was guessed wrong. */
export function ImportTable({ source, verb, waiting, onTexts, onClose, onCloseAll }: Props) {
  const [options, setOptions] = useState<ImportOptions>({});
  const [table, setTable] = useState<TextImport | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [forAll, setForAll] = useState("");

  useEffect(() => {
    let current = true;
    learner()
      .importTexts(source.content, options)
      .then(
        (found) => current && (setTable(found), setProblem(null)),
        (error: unknown) => current && (setTable(null), setProblem(sentence(error))),
      );
    return () => {
      current = false;
    };
  }, [source, options]);

  const add = ({ label: column, samples, rejected }: TextImport) => {
    onClose();
    // The field is there for tables without a column of labels only.
    const label = column === null ? forAll.trim() : "";
    const left = rejected.map(({ line, code, message }) => ({ name: `${source.name}, line ${line}`, code, message }));
    onTexts(label === "" ? samples : samples.map((sample) => ({ label, ...sample })), left);
  };
  return (
    <Window title={`${verb === "Add" ? "Import" : "Predict"} ${source.name}`} wide onClose={onClose}>
      {problem && <p role="alert">{problem}</p>}
      {table && (
        <>
          <div className="row">
            {/* Other columns come with another format: what was said of the old ones is forgotten. */}
            <Choose label="Format" value={table.format} choices={FORMATS} onChoose={(format) => setOptions({ format })} />
            {table.columns.length > 1 && (
              <>
                <Choose label="Texts" value={table.text} choices={table.columns.map((name) => [name, name] as const)} onChoose={(text) => setOptions({ format: table.format, header: table.header, text, ...(options.label === text ? {} : { label: options.label }) })} />
                <Choose
                  label="Labels"
                  value={table.label ?? NONE}
                  choices={[[NONE, "none"], ...table.columns.filter((name) => name !== table.text).map((name) => [name, name] as const)]}
                  onChoose={(label) => setOptions({ ...options, format: table.format, header: table.header, text: table.text, label: label === NONE ? null : label })}
                />
              </>
            )}
            {table.label === null && verb === "Add" && (
              <TextField value={forAll} onChange={setForAll} className="field">
                <Label>Label for all, if they have one</Label>
                <Input autoComplete="off" />
              </TextField>
            )}
          </div>
          {(table.format === "csv" || table.format === "tsv") && (
            <Check isSelected={table.header} onChange={(header) => setOptions({ format: table.format, header })}>
              The first row names the columns
            </Check>
          )}
          <Preview table={table} />
          <p className="note">{summary(table)}</p>
        </>
      )}
      <div className="row end">
        {waiting > 0 && (
          <Button className="button quiet" onPress={onCloseAll}>
            Cancel this and {waiting} more
          </Button>
        )}
        <Button className="button quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button className="button" isDisabled={!table || table.samples.length === 0} onPress={() => table && add(table)}>
          {table ? `${verb} ${count(table.samples.length, "text")}` : verb}
        </Button>
      </div>
    </Window>
  );
}

function Preview({ table: { samples } }: { table: TextImport }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="The first rows">
      <table className="preview">
        <thead>
          <tr>
            <th scope="col">Text</th>
            <th scope="col">Label</th>
          </tr>
        </thead>
        <tbody>
          {samples.slice(0, SHOWN).map((sample, i) => (
            <tr key={i}>
              <td>{sample.data.length > 160 ? `${sample.data.slice(0, 160)}…` : sample.data}</td>
              <td>{sample.label ?? <span className="soft">none</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary({ samples, rejected }: TextImport): string {
  const sizes = new Map<string, number>();
  for (const { label } of samples) if (label !== undefined) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const parts = [count(samples.length, "text")];
  const largest = [...sizes].sort((a, b) => b[1] - a[1]);
  if (sizes.size > 0) parts.push(`${count(sizes.size, "label")}: ${largest.slice(0, 4).map(([label, n]) => `${label} ${n.toLocaleString("en")}`).join(", ")}${sizes.size > 4 ? ", …" : ""}`);
  if (rejected.length > 0) parts.push(`${count(rejected.length, "line")} cannot be read and will be listed (the first: line ${rejected[0]!.line})`);
  return `${parts.join("; ")}.`;
}
