// Opens an exported model and asks it. All it loads is one small module: see docs/guides/python.md for the same in Python.
import { openExport } from "../../headstart/predict.js"; // with a bundler: from "headstart/predict"

const $ = (selector) => document.querySelector(selector);
const say = (text, kind = "") => Object.assign($("#status"), { textContent: text, className: kind });
let model;

$("#model").addEventListener("change", () =>
  guarded(async () => {
    await model?.close();
    $("#answers").replaceChildren();
    $("#image").hidden = $("#text").hidden = $("#said").hidden = true;
    say("Opening");
    model = await openExport($("#model").files[0]);
    const { task, kind, classes, madeBy, backbone } = model.info;
    $("#about").textContent = `${kind === "numbers" ? "It says numbers" : `It tells ${classes.join(", ")}`}. Made by ${madeBy} on ${backbone.id} (${backbone.licence}).`;
    const { ok, vectors, scores } = await model.verify({ onProgress: ({ done, total }) => say(`Checking: ${done} of ${total}`) });
    if (!ok) return say(`Do not trust it here: on inputs that came with it, scores differ by ${scores.toExponential(1)}.`, "wrong");
    say(`Checked on ${vectors} inputs that came with it: the same scores as where it was made.`);
    $(`#${task}`).hidden = $("#said").hidden = false;
  }),
);

$("#pictures").addEventListener("change", () =>
  guarded(async () => {
    for (const file of $("#pictures").files) await answer(file, file.name);
    $("#pictures").value = "";
  }),
);

$("#text").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = new FormData(event.target).get("text");
  guarded(() => answer(text, text));
});

async function answer(data, name) {
  const [{ label, confidence, novelty }] = await model.predict([data], { reject: 0.1 });
  const item = document.createElement("li");
  const said = label === null ? "none of these" : Array.isArray(label) ? label.join(", ") || "no label" : label;
  const strong = Object.assign(document.createElement("strong"), { textContent: said });
  const how = `${name}: ${label === null ? "" : `${Math.round(100 * confidence)} % sure, `}novelty ${novelty.toFixed(2)}`;
  item.append(strong, Object.assign(document.createElement("small"), { textContent: how }));
  $("#answers").prepend(item);
}

async function guarded(work) {
  await work().catch((error) => say(error.message, "wrong"));
}
