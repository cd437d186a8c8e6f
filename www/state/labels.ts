// The three kinds of labels: a class, several labels, a number. What is shown of each, and where it is listed.
import type { Label } from "headstart";

export type Kind = "classes" | "labels" | "numbers";

/** Where samples are listed that have a list of labels with nothing in it. */
export const NONE_OF_THEM = "none of the labels";
/** Where samples with a number are listed, all together. */
export const NUMBERS = "numbers";

/** In words; empty for a sample that waits for its label. */
export function shown(label: Label | null): string {
  if (label === null) return "";
  if (Array.isArray(label)) return label.length === 0 ? NONE_OF_THEM : label.join(", ");
  return String(label);
}

/** The names that a sample is listed under. */
export function namesOf(label: Label | null): readonly string[] {
  if (label === null) return [""];
  if (typeof label === "number") return [NUMBERS];
  if (Array.isArray(label)) return label.length === 0 ? [NONE_OF_THEM] : label;
  return [label];
}

/** What `train` will learn of them. */
export function kindOf(labels: readonly (Label | null)[]): Kind {
  if (labels.some((label) => typeof label === "number")) return "numbers";
  return labels.some((label) => Array.isArray(label)) ? "labels" : "classes";
}

/** Of what was written for several labels. */
export function split(text: string): string[] {
  return [...new Set(text.split(/[;|]/).map((part) => part.trim()).filter((part) => part !== ""))];
}

/** `null` for what is no number. Number("") is 0. */
export function parsed(text: string): number | null {
  const number = Number(text.trim() || NaN);
  return Number.isFinite(number) ? number : null;
}

/** Why it cannot be a number; `null` where it can, or where there is nothing yet. */
export function noNumber(text: string): string | null {
  return parsed(text) === null && text.trim() !== "" ? `“${text.trim()}” is no number: write it like 12 or 3.5` : null;
}

/** Numbers and names do not go together; a class and several do. */
export function goTogether(kind: Kind, other: Kind): boolean {
  return (kind === "numbers") === (other === "numbers");
}

/** A number that was computed: three figures, and all that are before the point. */
export function figure(number: number): string {
  const before = Math.floor(Math.log10(Math.abs(number) || 1)) + 1;
  return String(Number(number.toPrecision(Math.min(15, Math.max(3, before)))));
}
