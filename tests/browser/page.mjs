// The page as a person uses it: folders in, train, try, read. Screenshots of every state go to tests/output/.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/paths.mjs";
import { withPage } from "./chromium.mjs";

const output = join(root, "tests/output");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(output, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), "headstart-page-"));
after(() => rmSync(folder, { recursive: true, force: true }));
await makePictures();

/** `pictures/{warm,cold}/*.png`, a torn file among them, and one picture apart to try. */
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
    writeFileSync(join(folder, "new.png"), Buffer.from(await paint(190, 77)));
  });
}

const said = (page, text) => page.locator("#status", { hasText: text }).waitFor();

async function shot(page, name) {
  await page.screenshot({ path: join(output, `${name}.png`), fullPage: true });
}

async function sound(page, state) {
  const violations = await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes[0].html))`);
  assert.deepEqual(violations, [], `axe on: ${state}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${state}: the page scrolls sideways by ${wide} px`);
}

for (const [name, options] of [
  ["1280-light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["390-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
]) {
  test(`collect, train, report, try at ${name}`, async () => {
    await withPage(
      async (page) => {
        await said(page, "Ready");
        await shot(page, `${name}-1-empty`);
        await sound(page, "empty");
        assert.ok(await page.getByRole("button", { name: "Train" }).isDisabled());
        assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0, "nothing runs that could be stopped");

        await page.getByLabel("Choose a folder").setInputFiles(join(folder, "pictures"));
        await said(page, "16 pictures added");
        assert.match(await page.locator("#collect").innerText(), /1 file was left out/);
        await page.getByText("1 file was left out").click();
        assert.match(await page.locator(".problems").innerText(), /torn\.png.*bad-image/s);
        assert.equal(await page.locator(".classes img").count(), 16);
        await shot(page, `${name}-2-collected`);
        await sound(page, "collected");

        await page.getByRole("button", { name: "Train" }).click();
        await page.locator(".confusion").waitFor();
        await page.getByLabel("Choose a picture").setInputFiles(join(folder, "new.png"));
        await said(page, "new.png: cold");
        assert.match(await page.locator("#report").innerText(), /95 % interval/);
        assert.match(await page.locator("#machine").innerText(), /CPU[\s\S]*Apache-2\.0[\s\S]*[0-9a-f]{64}/);
        await shot(page, `${name}-3-trained`);
        await sound(page, "trained");
        assert.deepEqual(page.complaints, []);
      },
      { path: "/dist/", ...options },
    );
  });
}

test("folders are dropped, loose files are asked for their class, and a class is removed", async () => {
  await withPage(
    async (page) => {
      await said(page, "Ready");
      const cdp = await page.context().newCDPSession(page);
      const drop = async (...files) => {
        const box = await page.locator("#collect .drop").boundingBox();
        const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
        const data = { items: [], files, dragOperationsMask: 1 };
        for (const type of ["dragEnter", "dragOver", "drop"]) await cdp.send("Input.dispatchDragEvent", { type, ...at, data });
      };
      await drop(join(folder, "pictures/warm"), join(folder, "pictures/cold"));
      await said(page, "16 pictures added");
      await drop(join(folder, "new.png"));
      await page.getByRole("dialog").getByLabel("Which class is this picture?").fill("other");
      await page.keyboard.press("Enter");
      await said(page, "1 picture added");
      assert.deepEqual(await page.locator(".classes h3").allInnerTexts(), ["warm", "cold", "other"]);
      await drop(join(folder, "pictures/warm/warm-1.png"));
      await page.keyboard.press("Escape");
      await said(page, "Nothing was added");
      await page.getByRole("button", { name: "Remove class other" }).click();
      await said(page, "Removed other");
      assert.deepEqual(await page.locator(".classes h3").allInnerTexts(), ["warm", "cold"]);
      assert.deepEqual(page.complaints, []);
    },
    { path: "/dist/" },
  );
});

test("stopping an import keeps what was taken in", async () => {
  await withPage(
    async (page) => {
      await said(page, "Ready");
      await page.getByLabel("Choose a folder").setInputFiles(join(folder, "pictures"));
      await said(page, /Taking in pictures: \d/);
      await page.getByRole("button", { name: "Stop" }).first().click();
      await said(page, "Stopped.");
      const kept = await page.locator(".classes img").count();
      assert.ok(kept > 0 && kept < 16, `kept ${kept}`);
      assert.ok(await page.locator(".classes img").evaluateAll((all) => all.every((img) => img.src !== "")));
    },
    { path: "/dist/" },
  );
});

test("without its files the page says what is missing", async () => {
  await withPage(
    async (page) => {
      await page.route("**/manifest.json", (route) => route.fulfill({ status: 404 }));
      await page.reload();
      await said(page, "Headstart cannot start");
      assert.match(await page.locator("#status").innerText(), /manifest\.json answered 404/);
    },
    { path: "/dist/" },
  );
});
