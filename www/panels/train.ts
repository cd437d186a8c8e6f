import type { TrainOptions } from "headstart";
import { count, h, place } from "../dom";
import { type Work, say, sentence } from "../work";

const HEADS: [NonNullable<TrainOptions["head"]>, string][] = [
  ["linear", "Linear (logistic regression)"],
  ["prototype", "Prototype (nearest class mean)"],
  ["knn", "Nearest neighbours"],
];

export function train(work: Work): void {
  const head = h("select", {}, ...HEADS.map(([value, text]) => h("option", { value }, text)));
  const go = h("button", { type: "button", disabled: true }, "Train");
  const stop = h("button", { type: "button", hidden: true, className: "quiet" }, "Stop");
  const bar = h("progress", { hidden: true, ariaLabel: "Training" });
  const note = h("p", { className: "note" }, "Two classes with a picture each are enough to begin; eight or more of each are better.");
  place("train").append(h("div", { className: "row" }, h("label", {}, "Head ", head), go, stop), bar, note);

  work.on("samples", async () => {
    const labels = work.learner.labels;
    go.disabled = labels.length < 2;
    const samples = (await work.learner.samples()).length;
    if (labels.length === 1) note.textContent = `Every picture is ${labels[0]}: a second class is missing.`;
    else if (labels.length > 1) note.textContent = `${count(samples, "picture")} in ${labels.length} classes.`;
  });

  go.addEventListener("click", async () => {
    const abort = new AbortController();
    stop.onclick = () => abort.abort();
    [go.disabled, stop.hidden, bar.hidden] = [true, false, false];
    bar.removeAttribute("value");
    try {
      for await (const event of work.learner.train({ head: head.value as TrainOptions["head"], signal: abort.signal })) {
        if (event.type === "progress") {
          [bar.max, bar.value] = [event.total, event.done];
          say(`Training: ${event.stage}, ${event.done} of ${event.total}`);
        } else {
          const { seconds, reason } = event.result;
          note.textContent = `Trained in ${seconds.toFixed(1)} s: ${reason}.`;
          say("Trained. Try it on another picture, or read the report.");
          work.tell("trained");
        }
      }
    } catch (error) {
      say(abort.signal.aborted ? "Training was stopped; the model is the one from before." : sentence(error));
    } finally {
      [go.disabled, stop.hidden, bar.hidden] = [false, true, true];
    }
  });
}
