// For what is about the page alone: a learner that takes pictures in at once, and thousands of small pictures to paste.

export async function withInstantLearner(page) {
  await page.route("**/headstart/index.js", (route) => route.fulfill({ contentType: "text/javascript", body: SOURCE }));
}

const SOURCE = `
  const samples = [];
  export class HeadstartError extends Error {}
  export const listProjects = async () => [];
  export const createLearner = async () => ({
    labels: ["all"], project: null, model: null, device: { kind: "cpu", adapter: "", reason: "", workers: 1 },
    backbone: { id: "", dim: 1, sha256: "", licence: "", source: "", bytes: 0 },
    samples: async () => samples,
    add: async (given) => {
      const ids = [];
      for await (const { id, name, label } of given) { samples.push({ id, name, label }); ids.push(id); }
      return { ids, added: ids, duplicates: [], rejected: [], truncated: [], unsaved: [] };
    },
  });`;

/** Pastes `count` pictures, `0.png` to …, into the class `all`. */
export async function pasteMany(page, count) {
  await page.evaluate(async (count) => {
    const transfer = new DataTransfer();
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d");
    let blob;
    for (let i = 0; i < count; i++) {
      if (i % 100 === 0) {
        context.fillStyle = `hsl(${i} 50% 50%)`;
        context.fillRect(0, 0, 64, 64);
        blob = await canvas.convertToBlob();
      }
      transfer.items.add(new File([blob], `${i}.png`, { type: "image/png" }));
    }
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
  }, count);
  await page.getByRole("dialog").getByLabel("Class").fill("all");
  await page.keyboard.press("Enter");
  await page.getByText(`${count.toLocaleString("en")} pictures in 1 class.`).waitFor();
}
