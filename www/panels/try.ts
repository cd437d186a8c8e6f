import type { Prediction } from "headstart";
import { h, percent, place } from "../dom";
import { fromInput } from "../files";
import { type Work, say, sentence } from "../work";
import { dropTarget } from "./collect";

/** Scores shown. */
const SHOWN = 5;

export function tryOut(work: Work): void {
  const input = h("input", { type: "file", accept: "image/*", disabled: true });
  const label = h("label", { className: "button" }, "Choose a picture", input);
  const zone = h("div", { className: "drop" }, h("p", {}, "Drop a picture that was not used for training, or"), h("p", { className: "row" }, label));
  const answer = h("div", { className: "answer" }, h("p", { className: "empty" }, "Train first; then see here what a new picture is taken for."));
  place("try").append(zone, answer);

  work.on("trained", () => {
    input.disabled = false;
  });
  input.addEventListener("change", () => {
    void judge(fromInput(input.files!)[0]?.file);
    input.value = "";
  });
  dropTarget(zone, (found) => void judge(found[0]?.file));

  let shown: string | undefined;
  async function judge(file: File | undefined): Promise<void> {
    if (!file) return;
    try {
      const [prediction] = await work.learner.predict([file]);
      if (shown) URL.revokeObjectURL(shown);
      shown = URL.createObjectURL(file);
      answer.replaceChildren(h("img", { src: shown, alt: `The picture ${file.name}` }), view(work, prediction!));
      say(`${file.name}: ${prediction!.label}, ${percent(prediction!.confidence)}.`);
    } catch (error) {
      answer.replaceChildren(h("p", { className: "empty" }, `${file.name}: ${sentence(error)}`));
    }
  }
}

function view(work: Work, p: Prediction): HTMLElement {
  const scores = Object.entries(p.scores)
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([label, score]) =>
      h("li", {}, h("span", {}, label), h("meter", { value: score, ariaLabel: label }), h("span", {}, percent(score))),
    );
  const near = p.nearest
    .filter((id) => work.pictures.has(id))
    .map((id) => h("img", { src: work.pictures.get(id)!, alt: "A training picture like this one" }));
  return h(
    "div",
    {},
    h("p", { className: "headline" }, h("strong", {}, String(p.label))),
    h("ul", { className: "scores" }, ...scores),
    h("p", { className: "note" }, "Most like it among the training pictures:"),
    h("div", { className: "thumbs" }, ...near),
  );
}
