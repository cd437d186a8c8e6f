import type { AddReport } from "headstart";
import { count, h, place } from "../dom";
import { type Found, fromDrop, fromInput } from "../files";
import { type Work, say, sentence } from "../work";

/** Thumbnails shown of a class. */
const SHOWN = 24;

export function collect(work: Work): void {
  const bar = h("progress", { hidden: true, ariaLabel: "Pictures taken in" });
  const stop = h("button", { type: "button", hidden: true, className: "quiet" }, "Stop");
  const problems = h("details", { hidden: true, className: "problems" });
  const classes = h("div", { className: "classes" });
  const empty = h(
    "p",
    { className: "empty" },
    "No pictures yet. Drop one folder for each class, for example “cats” and “dogs”, or one folder that holds them.",
  );
  const folder = picker("Choose a folder", { webkitdirectory: true });
  const files = picker("Choose files", { accept: "image/*" });
  const zone = h(
    "div",
    { className: "drop" },
    h("p", {}, h("strong", {}, "Drop folders here."), " The folder’s name becomes the class."),
    h("p", { className: "row" }, folder.label, files.label),
    bar,
    stop,
  );
  place("collect").append(zone, problems, empty, classes);

  let running: AbortController | undefined;
  let waiting: Promise<void> = Promise.resolve();
  const take = (found: Found[]) => {
    waiting = waiting.then(() => takeIn(found)).catch((error: unknown) => say(sentence(error)));
  };

  for (const input of [folder.input, files.input]) {
    input.addEventListener("change", () => {
      take(fromInput(input.files!));
      input.value = "";
    });
  }
  dropTarget(zone, (found) => take(found));
  stop.addEventListener("click", () => running?.abort());

  async function takeIn(found: Found[]): Promise<void> {
    if (found.length === 0) return say("There was nothing in it.");
    const loose = found.filter((f) => f.folder === null).length;
    const name = loose > 0 ? await askClass(loose, work.learner.labels) : null;
    if (loose > 0 && name === null) return say("Nothing was added.");
    const samples = found.map(({ file, folder }) => ({ data: file, name: file.name, label: folder ?? name! }));
    running = new AbortController();
    [bar.hidden, stop.hidden, bar.max, bar.value] = [false, false, samples.length, 0];
    const start = performance.now();
    try {
      const report = await work.learner.add(samples, {
        signal: running.signal,
        onProgress: ({ done, total }) => {
          bar.value = done;
          say(`Taking in pictures: ${done} of ${total}, ${left(start, done, total)}`);
        },
      });
      report.ids.forEach((id, i) => id && work.show(id, samples[i]!.data));
      tellProblems(report);
      say(summary(report, (performance.now() - start) / 1000));
    } catch (error) {
      if (!running.signal.aborted) throw error;
      // Those that were done are in, and their files are among these.
      const here = new Map((await work.learner.samples()).map((s) => [s.name, s.id]));
      for (const { name, data } of samples) if (here.has(name)) work.show(here.get(name)!, data);
      say("Stopped. The pictures taken in so far are kept.");
    } finally {
      [bar.hidden, stop.hidden, running] = [true, true, undefined];
      work.tell("samples");
    }
  }

  function tellProblems(report: AddReport): void {
    problems.hidden = report.rejected.length === 0;
    problems.replaceChildren(
      h("summary", {}, `${count(report.rejected.length, "file was", "files were")} left out`),
      h("ul", {}, ...report.rejected.map((r) => h("li", {}, h("strong", {}, r.name ?? `item ${r.index}`), `: ${r.message}`, " ", h("code", {}, r.code)))),
    );
  }

  work.on("samples", async () => {
    const samples = await work.learner.samples();
    empty.hidden = samples.length > 0;
    classes.replaceChildren(
      ...work.learner.labels.map((label) => {
        const ids = samples.filter((s) => s.label === label).map((s) => s.id);
        return classCard(work, label, ids);
      }),
    );
  });
}

function classCard(work: Work, label: string, ids: string[]): HTMLElement {
  const remove = h("button", { type: "button", className: "quiet", ariaLabel: `Remove class ${label}` }, "Remove");
  remove.addEventListener("click", async () => {
    await work.learner.remove(ids);
    ids.forEach((id) => work.forget(id));
    say(`Removed ${label} with ${count(ids.length, "picture")}.`);
    work.tell("samples");
  });
  const thumbs = ids.slice(0, SHOWN).map((id) => h("img", { src: work.pictures.get(id) ?? "", alt: "", loading: "lazy", decoding: "async" }));
  return h(
    "article",
    {},
    h("header", {}, h("h3", {}, label), h("span", {}, count(ids.length, "picture")), remove),
    h("div", { className: "thumbs" }, ...thumbs),
    ids.length > SHOWN ? h("p", { className: "note" }, `and ${ids.length - SHOWN} more`) : "",
  );
}

/** A file input behind a label that looks like a button; the input itself keeps the keyboard and the screen reader. */
function picker(text: string, props: Partial<HTMLInputElement>): { label: HTMLLabelElement; input: HTMLInputElement } {
  const input = h("input", { type: "file", multiple: true, ...props });
  return { label: h("label", { className: "button" }, text, input), input };
}

export function dropTarget(element: HTMLElement, then: (found: Found[]) => void): void {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    void fromDrop(event.dataTransfer!).then(then);
  });
}

/** Files without a folder: which class? `null` when the dialog was left. */
function askClass(files: number, labels: string[]): Promise<string | null> {
  const name = h("input", { name: "class", required: true, autocomplete: "off" });
  name.setAttribute("list", "known-classes");
  const dialog = h(
    "dialog",
    {},
    h(
      "form",
      { method: "dialog" },
      h("label", {}, `Which class ${files === 1 ? "is this picture" : `are these ${files} pictures`}?`, name),
      h("datalist", { id: "known-classes" }, ...labels.map((value) => h("option", { value }))),
      h("p", { className: "row" }, h("button", { value: "ok" }, "Add"), h("button", { value: "", type: "button", className: "quiet" }, "Cancel")),
    ),
  );
  document.body.append(dialog);
  dialog.querySelector<HTMLButtonElement>("button[type=button]")!.addEventListener("click", () => dialog.close(""));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? name.value.trim() || null : null);
    });
    dialog.showModal();
  });
}

function left(start: number, done: number, total: number): string {
  const seconds = Math.ceil(((performance.now() - start) / 1000 / done) * (total - done));
  return `about ${seconds} s left`;
}

function summary(report: AddReport, seconds: number): string {
  const parts = [`${count(report.added.length, "picture")} added in ${seconds.toFixed(1)} s`];
  if (report.duplicates.length > 0) parts.push(`${report.duplicates.length} were here already`);
  if (report.rejected.length > 0) parts.push(`${report.rejected.length} left out, listed below`);
  return `${parts.join(", ")}.`;
}
