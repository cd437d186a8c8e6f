// The script of the page that `learner.export("html")` makes. Everything it needs is in the page.
import type { ExportInfo, ExportPrediction } from "../../../predict";
import * as glue from "../../generated/headstart_cpu.js";
import { toHeadstartError } from "../../errors";
import { Opened } from "../opened";
import { answer } from "./answer";

/** Part of its own kind that the model may refuse by mistake. */
const REJECT = 0.05;

const $ = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const [status, answers, strange] = [$("status"), $("answers"), $<HTMLInputElement>("strange")];

try {
  await glue.default({ module_or_path: await WebAssembly.compile(taken("wasm")) });
  const opened = new Opened(glue, taken("model"));
  present(opened.info);
  listen(opened);
  await prove(opened);
} catch (error) {
  $("title").textContent = "This page does not work here";
  fail(error);
}

/** What a data block of the page holds; it is not held twice. */
function taken(id: string): Uint8Array<ArrayBuffer> {
  const block = $(id);
  const binary = atob(block.textContent!);
  block.remove();
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function present({ task, kind, classes, backbone }: ExportInfo): void {
  const of = task === "image" ? "a picture" : "a text";
  $("title").textContent = kind === "numbers" ? `Estimates a number from ${of}` : `Classifies ${task === "image" ? "pictures" : "texts"}`;
  document.title = $("title").textContent!;
  $("classes").textContent = kind === "numbers" ? "" : `${kind === "labels" ? "Labels" : "Classes"}: ${classes.join(", ")}`;
  $("about").textContent = `Made with Headstart on the backbone ${backbone.id} (${backbone.licence}; ${backbone.source}; sha256 ${backbone.sha256}).`;
  $(task === "image" ? "pictures" : "texts").hidden = false;
  $("refuse").hidden = false;
}

/** Whether the model computes here what it computed where it was made. */
async function prove(opened: Opened): Promise<void> {
  const proof = $("proof");
  const { vectors, scores, ok } = await opened.verify({ onProgress: ({ done, total }) => (proof.textContent = `Checking the model: ${done} of ${total}`) });
  const most = `the largest difference of a score is ${scores.toExponential(1)}`;
  proof.textContent = ok
    ? `Checked: on ${vectors} inputs that came with the model, it gives the same scores here as where it was made (${most}).`
    : `Do not trust this page here: on ${vectors} inputs that came with the model, it gives other scores than where it was made (${most}).`;
  proof.className = ok ? "" : "wrong";
}

function listen(opened: Opened): void {
  const given: { item: Blob | string; place: HTMLElement }[] = [];
  /** One thing after another, in the order they came. */
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => void (last = last.then(work).catch(fail));

  const show = async ({ item, place }: (typeof given)[number]) => {
    let said: ExportPrediction | Error;
    try {
      [said] = (await opened.predict([item], { reject: strange.checked ? REJECT : undefined })) as [ExportPrediction];
    } catch (error) {
      said = toHeadstartError(error);
    }
    place.replaceChildren(...answer(item, said));
    return said;
  };
  const add = (items: (Blob | string)[]) =>
    inTurn(async () => {
      let done = 0;
      for (const item of items) {
        status.textContent = items.length > 1 ? `${++done} of ${items.length}` : "";
        const place = document.createElement("li");
        const said = await show({ item, place });
        answers.prepend(place);
        given.push({ item, place });
        if (items.length === 1) status.textContent = said instanceof Error ? said.message : `Answer: ${place.querySelector(".label")!.textContent}`;
      }
    });

  strange.addEventListener("change", () => inTurn(async () => {
    for (const one of given) await show(one);
    status.textContent = "";
  }));
  if (opened.info.task === "text") {
    const text = $<HTMLTextAreaElement>("text");
    $("texts").addEventListener("submit", (event) => {
      event.preventDefault();
      add([text.value]);
    });
    return;
  }
  const files = $<HTMLInputElement>("files");
  files.addEventListener("change", () => {
    add([...files.files!]);
    files.value = "";
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) add([...event.clipboardData.files]);
  });
  const over = (on: boolean) => (event: DragEvent) => {
    event.preventDefault();
    document.body.classList.toggle("over", on);
  };
  addEventListener("dragover", over(true));
  addEventListener("dragleave", over(false));
  addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer?.files.length) add([...event.dataTransfer.files]);
  });
}

function fail(error: unknown): void {
  status.className = "wrong";
  status.textContent = toHeadstartError(error).message;
}
