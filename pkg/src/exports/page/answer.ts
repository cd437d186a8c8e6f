import type { ExportPrediction } from "../../../predict";

/** Scores shown. */
const SHOWN = 5;
/** Letters of a text that stand for it. */
const LETTERS = 200;

/** What the model says of a picture or text, as elements. */
export function answer(item: Blob | string, said: ExportPrediction | Error): HTMLElement[] {
  const about = document.createElement("div");
  about.append(line("name", nameOf(item)));
  if (said instanceof Error) {
    about.append(line("label wrong", "Could not be read"), line("note", said.message));
  } else {
    about.append(line("label", called(said)));
    if (said.rejected) about.append(line("note", `It is stranger than what the model learnt from (${said.novelty.toFixed(2)}, where 0 is just like a class and 2 as unlike as can be).`));
    if (said.interval) about.append(line("note", `Between ${figure(said.interval.low)} and ${figure(said.interval.high)}: such a range held the truth of 95 % of held-out samples.`));
    about.append(scores(said.scores));
  }
  return item instanceof Blob && !(said instanceof Error) ? [picture(item), about] : [about];
}

function scores(scores: Record<string, number>): HTMLElement {
  const table = document.createElement("table");
  const sorted = Object.entries(scores).sort((a, b) => b[1] - a[1]);
  for (const [label, score] of sorted.slice(0, SHOWN)) {
    const row = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = label;
    const meter = document.createElement("meter");
    meter.value = score;
    meter.setAttribute("aria-label", label);
    row.append(head);
    row.insertCell().append(meter);
    row.insertCell().textContent = `${(100 * score).toFixed(1)} %`;
  }
  return table;
}

function picture(file: Blob): HTMLElement {
  const image = new Image();
  image.alt = `The picture ${nameOf(file)}`;
  image.src = URL.createObjectURL(file);
  image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
  return image;
}

function called({ label, rejected }: ExportPrediction): string {
  if (label === null) return rejected ? "None of these" : "No label";
  if (Array.isArray(label)) return label.length > 0 ? label.join(", ") : "No label";
  return typeof label === "number" ? figure(label) : label;
}

function nameOf(item: Blob | string): string {
  if (typeof item === "string") return item.length > LETTERS ? `${item.slice(0, LETTERS)}…` : item;
  return item instanceof File ? item.name : "pasted";
}

function figure(value: number): string {
  return value.toLocaleString(undefined, { maximumSignificantDigits: 4 });
}

function line(kind: string, text: string): HTMLElement {
  const p = document.createElement("p");
  p.className = kind;
  p.textContent = text;
  return p;
}
