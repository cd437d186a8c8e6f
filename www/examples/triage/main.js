// Sorts messages into queues, and leaves to a person what it is not sure of.
import { createLearner } from "../../headstart/index.js"; // with a bundler: from "headstart" (docs/guides/embed.md)

const $ = (selector) => document.querySelector(selector);
const say = (text, kind = "") => Object.assign($("#status"), { textContent: text, className: kind });
let learner;
/** Predictions for messages that it did not learn from, with the queue they belong to: what the threshold is chosen by. */
let checked = [];
/** Predictions for the new messages. */
let sorted = [];

$("#teach").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const table = form.get("file").size ? form.get("file") : form.get("table");
  await busy(async () => {
    say("Loading the backbone");
    learner ??= await createLearner({ task: "text", onProgress: show });
    const { samples, rejected } = await learner.importTexts(table);
    const labelled = samples.filter(({ label }) => label !== undefined);
    // Every fifth is held back. It is the others that it learns.
    const held = labelled.filter((_, i) => i % 5 === 4);
    await learner.remove((await learner.samples()).map(({ id }) => id));
    say("Reading the messages");
    await learner.add(labelled.filter((_, i) => i % 5 !== 4), { onProgress: show });
    for await (const event of learner.train()) if (event.type === "progress") show(event);
    const predictions = await triage(held.map(({ data }) => data));
    checked = predictions.map((prediction, i) => ({ ...prediction, truth: held[i].label }));
    $("#decide").hidden = $("#triage").hidden = false;
    draw();
    say(`Learnt from ${labelled.length - held.length} messages in ${learner.labels.length} queues.${rejected.length ? ` Left out: ${rejected.map(({ line, message }) => `line ${line} (${message})`).join(", ")}.` : ""}`);
  });
});

$("#threshold").addEventListener("input", draw);

$("#triage").addEventListener("submit", async (event) => {
  event.preventDefault();
  const lines = new FormData(event.target).get("messages").split("\n");
  const messages = lines.map((line) => line.trim()).filter((line) => line !== "");
  await busy(async () => {
    sorted = (await triage(messages)).map((prediction, i) => ({ ...prediction, message: messages[i] }));
    draw();
  });
});

/** What is unlike all that it has learnt is refused (`label` is null), however sure it seems; of what it has learnt, 1 in 20 by mistake. */
function triage(messages) {
  return learner.predict(messages, { reject: 0.05, onProgress: show });
}

function draw() {
  const least = Number($("#threshold").value);
  const alone = ({ label, confidence }) => label !== null && confidence >= least;
  const taken = checked.filter(alone);
  const right = taken.filter(({ label, truth }) => label === truth).length;
  $("#least").textContent = percent(least);
  $("#coverage").textContent =
    `Of ${checked.length} messages that it had not seen, it would have sorted ${taken.length} alone (${percent(taken.length / checked.length)})` +
    (taken.length ? `, ${right} of these as people did (${percent(right / taken.length)}).` : ".");
  const queue = (one) => (alone(one) ? one.label : "For a person");
  const queues = [...new Set(sorted.map(queue))].sort((a, b) => (a === "For a person") - (b === "For a person"));
  $("#queues").replaceChildren(...queues.map((name) => column(name, sorted.filter((one) => queue(one) === name))));
}

function column(name, items) {
  const list = Object.assign(document.createElement("ul"), { className: "texts", ariaLabel: name });
  for (const { message, label, confidence } of items) {
    const why = label === null ? "unlike all it has learnt" : `${label}, ${percent(confidence)} sure`;
    const item = Object.assign(document.createElement("li"), { textContent: message });
    item.append(Object.assign(document.createElement("small"), { textContent: why }));
    list.append(item);
  }
  const section = document.createElement("div");
  section.append(Object.assign(document.createElement("h2"), { textContent: name, className: name === "For a person" ? "person" : "" }), list);
  return section;
}

/** One thing at a time, and what goes wrong is said. */
async function busy(work) {
  const buttons = document.querySelectorAll("button");
  buttons.forEach((button) => (button.disabled = true));
  await work().catch((error) => say(error.message, "wrong"));
  buttons.forEach((button) => (button.disabled = false));
  $("progress").hidden = true;
}

function show({ done, total }) {
  Object.assign($("progress"), { hidden: false, max: total || 1, value: done });
}

function percent(part) {
  return `${Math.round(100 * part)} %`;
}
