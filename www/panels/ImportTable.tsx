import type { ImportOptions, TextImport } from "headstart";
import { useEffect, useMemo, useState } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { Check } from "../parts/Check";
import { Choose } from "../parts/Choose";
import { Window } from "../parts/Window";
import { type Labelled, READINGS, guessed, readAs } from "../intake/labelled";
import { type Kind, figure, shown } from "../state/labels";
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

const TITLES = { Add: "Import", Predict: "Predict", Choose: "Choose from" };

interface Props {
  source: Source;
  /** What is done with its texts. */
  verb: "Add" | "Predict" | "Choose";
  /** Tables that wait behind this one. */
  waiting: number;
  onTexts: (samples: Labelled["samples"], left: Problem[]) => void;
  onClose: () => void;
  onCloseAll: () => void;
}

/** Shows how a table would be read, to put right what was guessed wrong. */
export function ImportTable({ source, verb, waiting, onTexts, onClose, onCloseAll }: Props) {
  const [options, setOptions] = useState<ImportOptions>({});
  const [table, setTable] = useState<TextImport | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [forAll, setForAll] = useState("");
  const [reading, setReading] = useState<Kind | null>(null);
  // To a prediction the labels are nothing, and none of them leaves a text out.
  const kind = table && verb === "Add" ? (reading ?? guessed(table.samples.flatMap(({ label }) => label ?? []))) : "classes";
  const read = useMemo(() => table && readAs(table, kind), [table, kind]);

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

  const add = ({ samples, rejected }: Labelled) => {
    onClose();
    // The field is there for tables without a column of labels only.
    const label = table!.label === null ? forAll.trim() : "";
    const left = rejected.map(({ line, code, message }) => ({ name: `${source.name}, line ${line}`, code, message }));
    onTexts(label === "" ? samples : samples.map((sample) => ({ label, ...sample })), left);
  };
  return (
    <Window title={`${TITLES[verb]} ${source.name}`} wide onClose={onClose}>
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
            {table.label !== null && verb === "Add" && <Choose label="Each label is" value={kind} choices={READINGS} onChoose={setReading} />}
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
          <Preview table={read!} />
          <p className="note">{summary(read!)}</p>
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
        <Button className="button" isDisabled={!read || read.samples.length === 0} onPress={() => read && add(read)}>
          {read ? `${verb} ${count(read.samples.length, "text")}` : verb}
        </Button>
      </div>
    </Window>
  );
}

function Preview({ table: { samples } }: { table: Labelled }) {
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
              <td>{sample.label === undefined ? <span className="soft">none</span> : shown(sample.label)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary({ samples, rejected }: Labelled): string {
  const sizes = new Map<string, number>();
  const numbers: number[] = [];
  for (const { label } of samples) {
    if (typeof label === "number") numbers.push(label);
    else for (const name of label === undefined ? [] : [label].flat()) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  }
  const parts = [count(samples.length, "text")];
  const largest = [...sizes].sort((a, b) => b[1] - a[1]);
  if (sizes.size > 0) parts.push(`${count(sizes.size, "label")}: ${largest.slice(0, 4).map(([label, n]) => `${label} ${n.toLocaleString("en")}`).join(", ")}${sizes.size > 4 ? ", …" : ""}`);
  if (numbers.length > 0) parts.push(`numbers from ${figure(numbers.reduce((a, b) => Math.min(a, b)))} to ${figure(numbers.reduce((a, b) => Math.max(a, b)))}`);
  if (rejected.length > 0) parts.push(`${count(rejected.length, "line")} cannot be read and will be listed (the first: line ${rejected[0]!.line})`);
  return `${parts.join("; ")}.`;
}
