import { h, place } from "../dom";
import type { Work } from "../work";

export function machine(work: Work): void {
  const list = h("dl", {});
  place("machine").append(list);
  const render = () => {
    const { device, backbone } = work.learner;
    const kind = device.kind === "webgpu" ? "WebGPU" : "CPU";
    const rows: [string, string][] = [
      ["Device", `${kind}, ${device.adapter}, ${device.workers} worker${device.workers === 1 ? "" : "s"}`],
      ["Why", device.reason],
      ["Backbone", `${backbone.id}, ${backbone.dim} features, ${(backbone.bytes / 1e6).toFixed(1)} MB`],
      ["Licence", backbone.licence],
      ["Source", backbone.source],
      ["sha256", backbone.sha256],
    ];
    list.replaceChildren(...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  };
  render();
  // "auto" may move to a GPU at any time; the learner has a property for it and no event.
  let shown = work.learner.device;
  setInterval(() => {
    if (work.learner.device === shown) return;
    shown = work.learner.device;
    render();
  }, 1000);
}
