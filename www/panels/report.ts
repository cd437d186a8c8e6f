import type { Interval, Report } from "headstart";
import { h, percent, place } from "../dom";
import { type Work, say, sentence } from "../work";

export function report(work: Work): void {
  const stop = h("button", { type: "button", hidden: true, className: "quiet" }, "Stop");
  const bar = h("progress", { hidden: true, ariaLabel: "Evaluation" });
  const body = h("div", {}, h("p", { className: "empty" }, "After training, this is how good the model is on pictures it was not shown."));
  place("report").append(bar, stop, body);

  let running: AbortController | undefined;
  work.on("trained", async () => {
    running?.abort();
    const abort = (running = new AbortController());
    stop.onclick = () => abort.abort();
    [bar.hidden, stop.hidden] = [false, false];
    bar.removeAttribute("value");
    try {
      const result = await work.learner.evaluate({
        signal: abort.signal,
        onProgress: ({ done, total }) => ([bar.max, bar.value] = [total, done]),
      });
      body.replaceChildren(...view(result));
    } catch (error) {
      if (!abort.signal.aborted) body.replaceChildren(h("p", { className: "empty" }, sentence(error)));
      else say("The evaluation was stopped.");
    } finally {
      if (running === abort) [bar.hidden, stop.hidden] = [true, true];
    }
  });
}

function view(r: Report): HTMLElement[] {
  return [
    h(
      "p",
      { className: "headline" },
      h("strong", {}, percent(r.accuracy.value)),
      ` of pictures it had not seen were right (95 % interval ${range(r.accuracy)}). `,
      `Always guessing the largest class: ${percent(r.baselines.majority)}.`,
    ),
    h("div", { className: "tables" }, titled("Confusion: rows are what a picture is, columns what it was called", confusion(r)), titled("By class", perClass(r))),
    h("p", { className: "note" }, `How: ${r.how}. Log loss ${r.logLoss.toFixed(3)}, calibration error ${percent(r.ece)}.`),
  ];
}

function confusion({ confusion: { labels, counts } }: Report): HTMLTableElement {
  const rows = counts.map((row, i) => {
    const sum = row.reduce((a, b) => a + b, 0);
    const cells = row.map((n, j) => {
      const cell = h("td", { className: i === j ? "hit" : "miss" }, String(n));
      cell.style.setProperty("--share", String(sum > 0 ? n / sum : 0));
      cell.title = `${n} of ${sum} ${labels[i]} called ${labels[j]}`;
      return cell;
    });
    return h("tr", {}, header("row", labels[i]!), ...cells);
  });
  return h(
    "table",
    { className: "confusion" },
    h("thead", {}, h("tr", {}, header("col", "is \\ called"), ...labels.map((label) => header("col", label)))),
    h("tbody", {}, ...rows),
  );
}

function perClass(r: Report): HTMLTableElement {
  const columns = ["Class", "Pictures", "Precision", "Recall", "F1"];
  const rows = r.perClass.map((c) =>
    h(
      "tr",
      {},
      header("row", c.label),
      h("td", {}, String(c.support)),
      h("td", { title: range(c.precision) }, percent(c.precision.value)),
      h("td", { title: range(c.recall) }, percent(c.recall.value)),
      h("td", {}, percent(c.f1)),
    ),
  );
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...columns.map((name) => header("col", name)))),
    h("tbody", {}, ...rows),
  );
}

/** Wide tables scroll by themselves, by keyboard too, and leave the page still. */
function titled(title: string, table: HTMLTableElement): HTMLElement {
  return h("div", {}, h("h3", {}, title), h("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: title }, table));
}

function header(scope: "row" | "col", text: string): HTMLTableCellElement {
  return h("th", { scope }, text);
}

function range({ low, high }: Interval): string {
  return `${percent(low)} to ${percent(high)}`;
}
