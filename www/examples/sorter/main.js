// Sorts pictures into two kinds that it is shown, and puts aside what is neither.
import { createLearner } from "../../headstart/index.js"; // with a bundler: from "headstart" (docs/guides/embed.md)

const NEITHER = "neither";
// Of pictures of the two kinds one in ten may be put aside by mistake. To promise less takes more pictures.
const REJECT = 0.1;

const $ = (selector) => document.querySelector(selector);
const say = (text, kind = "") => Object.assign($("#status"), { textContent: text, className: kind });
let learner;

$("#teach").addEventListener("submit", async (event) => {
  event.preventDefault();
  const names = new FormData(event.target).getAll("name").map((name) => name.trim());
  const files = [...event.target.querySelectorAll("[type=file]")].map((input) => [...input.files]);
  if (names[0] === names[1]) return say("Give them two names.", "wrong");
  await busy(async () => {
    say("Loading the backbone");
    learner ??= await createLearner({ task: "image", onProgress: show });
    await learner.remove((await learner.samples()).map(({ id }) => id));
    say("Looking at the pictures");
    const samples = names.flatMap((label, i) => files[i].map((data) => ({ data, label })));
    const { added, rejected } = await learner.add(samples, { onProgress: show });
    say("Training");
    for await (const event of learner.train()) if (event.type === "progress") show(event);
    say("Checking it on pictures held back");
    const { accuracy } = await learner.evaluate({ onProgress: show });
    $("#kinds").replaceChildren(...[...names, NEITHER].map(column));
    $("#sort").hidden = false;
    const left = rejected.length ? ` Left out: ${rejected.map(({ name, message }) => `${name} (${message})`).join(", ")}.` : "";
    say(`Learnt from ${added.length} pictures. Of pictures like these it gets ${percent(accuracy.low)} to ${percent(accuracy.high)} right.${left}`);
  });
});

$("#ask").addEventListener("change", () =>
  busy(async () => {
    for (const file of $("#ask").files) {
      const [{ label, confidence }] = await learner.predict([file], { reject: REJECT });
      const item = document.createElement("li");
      const picture = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name });
      item.append(picture, label === null ? "" : percent(confidence));
      [...document.querySelectorAll("#kinds ul")].find((list) => list.dataset.kind === (label ?? NEITHER)).append(item);
    }
    $("#ask").value = "";
  }),
);

$("#save").addEventListener("click", () =>
  busy(async () => {
    const href = URL.createObjectURL(await learner.export("safetensors"));
    Object.assign(document.createElement("a"), { href, download: "sorter.safetensors" }).click();
  }),
);

/** One thing at a time, and what goes wrong is said. */
async function busy(work) {
  const buttons = document.querySelectorAll("button, #ask");
  buttons.forEach((button) => (button.disabled = true));
  await work().catch((error) => say(error.message, "wrong"));
  buttons.forEach((button) => (button.disabled = false));
  $("progress").hidden = true;
}

function column(kind) {
  const section = document.createElement("div");
  const list = Object.assign(document.createElement("ul"), { className: "pictures", ariaLabel: kind });
  list.dataset.kind = kind;
  section.append(Object.assign(document.createElement("h2"), { textContent: kind }), list);
  return section;
}

function show({ done, total }) {
  Object.assign($("progress"), { hidden: false, max: total || 1, value: done });
}

function percent(part) {
  return `${Math.round(100 * part)} %`;
}
