// Pictures that tests of the page bring along, and what its class cards say of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { withPage } from "./chromium.mjs";

export const folder = mkdtempSync(join(tmpdir(), "headstart-page-"));
after(() => rmSync(folder, { recursive: true, force: true }));
await makePictures();

/** `pictures/{warm,cold}/*.png` and a torn file among them, the same as a zip, and two pictures apart to try. */
async function makePictures() {
  await withPage(async (page) => {
    const paint = (hue, seed) =>
      page.evaluate(
        async ([hue, seed]) => {
          const canvas = new OffscreenCanvas(160, 120);
          const context = canvas.getContext("2d");
          for (let i = 0; i < 30; i++) {
            const at = (n) => (Math.sin(seed * 31 + i * n) + 1) / 2;
            context.fillStyle = `hsl(${hue + 40 * at(7)} 70% ${30 + 40 * at(3)}%)`;
            context.fillRect(160 * at(11) - 40, 120 * at(5) - 40, 90, 90);
          }
          return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
        },
        [hue, seed],
      );
    for (const [label, hue] of [["warm", 0], ["cold", 190]]) {
      mkdirSync(join(folder, "pictures", label), { recursive: true });
      for (let i = 0; i < 8; i++) writeFileSync(join(folder, "pictures", label, `${label}-${i}.png`), Buffer.from(await paint(hue, i)));
    }
    writeFileSync(join(folder, "pictures/warm/torn.png"), readFileSync(join(folder, "pictures/warm/warm-0.png")).subarray(0, 300));
    mkdirSync(join(folder, "others"));
    for (const i of [1, 2]) writeFileSync(join(folder, `others/=other-${i}.png`), Buffer.from(await paint(190, 76 + i)));
    writeFileSync(join(folder, "others/text.png"), "not a picture");
  });
  execFileSync("python3", ["-m", "zipfile", "-c", join(folder, "pictures.zip"), join(folder, "pictures/")]);
}

export const grid = (page, name) => page.getByRole("grid", { name: `Pictures of ${name}` });
export const classes = (page) => page.locator("article.class").evaluateAll((all) => all.map((a) => `${a.getAttribute("aria-label")} ${a.querySelector(".count").textContent}`));
export const collected = async (page, ...want) => {
  await page.waitForFunction((n) => document.querySelectorAll("article.class").length === n, want.length);
  await page.waitForFunction(
    (want) => want.every((text) => [...document.querySelectorAll("article.class")].some((a) => `${a.getAttribute("aria-label")} ${a.querySelector(".count").textContent}` === text)),
    want,
    { timeout: 5000 },
  ).catch(() => {});
  assert.deepEqual(await classes(page), want);
};
