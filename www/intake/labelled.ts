// What the cells of a table's column of labels are: classes, several labels each, or numbers.
import type { Label, Sample, TextImport } from "headstart";
import { type Kind, parsed, split } from "../state/labels";

export interface Labelled {
  samples: (Omit<Sample, "data"> & { data: string })[];
  rejected: TextImport["rejected"];
}

export const READINGS = [
  ["classes", "a class"],
  ["labels", "several: a; b or a|b"],
  ["numbers", "a number"],
] as const;

/** So many different numbers are no names of classes, as 1 to 5 may be. */
const MANY = 10;

export function guessed(labels: readonly string[]): Kind {
  if (labels.length === 0) return "classes";
  const numbers = labels.flatMap((label) => parsed(label) ?? []);
  // "unknown" here and there does not make them names.
  if (numbers.length >= 0.9 * labels.length) return numbers.some((n) => !Number.isInteger(n)) || new Set(numbers).size > MANY ? "numbers" : "classes";
  // Of a single one with a mark in it nothing follows.
  return labels.filter((label) => split(label).length > 1).length > 1 ? "labels" : "classes";
}

/** A cell that cannot be read so is left out, and listed. */
export function readAs({ samples, rejected }: TextImport, kind: Kind): Labelled {
  if (kind === "classes") return { samples, rejected };
  const good: Labelled["samples"] = [];
  const bad = [...rejected];
  for (const sample of samples) {
    const label = sample.label === undefined ? undefined : asKind(sample.label, kind);
    if (label !== null) good.push(label === undefined ? sample : { ...sample, label });
    else bad.push({ line: lineOf(sample.name), code: "bad-line", message: `“${sample.label}” is no number` });
  }
  return { samples: good, rejected: bad };
}

/** `null` for what cannot be read so. */
export function asKind(text: string, kind: Kind): Label | null {
  if (kind === "numbers") return parsed(text);
  return kind === "labels" ? split(text) : text;
}

/** A sample of a table is named by its line. */
function lineOf(name: string | undefined): number {
  return Number(name?.match(/\d+$/)?.[0] ?? 0);
}
