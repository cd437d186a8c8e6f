// The page as a person uses it: by mouse, by keyboard alone, on a telephone, in the dark. Screenshots of every state go to
// tests/output/; axe looks at every state too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withPage } from "./chromium.mjs";
import { hold, letGo, withHeldLearner } from "./held.mjs";
import { pasteMany, withInstantLearner } from "./instant.mjs";
import { dist } from "../../scripts/paths.mjs";
import { assertStill, button, choose, look, lookTwice, onPage, press, reach, said, saved, views, watchShifts } from "./visit.mjs";

const folder = mkdtempSync(join(tmpdir(), "headstart-page-"));
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

const grid = (page, name) => page.getByRole("grid", { name: `Pictures of ${name}` });
const classes = (page) => page.locator("article.class").evaluateAll((all) => all.map((a) => `${a.getAttribute("aria-label")} ${a.querySelector(".count").textContent}`));
const collected = async (page, ...want) => {
  await page.waitForFunction((n) => document.querySelectorAll("article.class").length === n, want.length);
  await page.waitForFunction(
    (want) => want.every((text) => [...document.querySelectorAll("article.class")].some((a) => `${a.getAttribute("aria-label")} ${a.querySelector(".count").textContent}` === text)),
    want,
    { timeout: 5000 },
  ).catch(() => {});
  assert.deepEqual(await classes(page), want);
};

for (const [name, options] of views) {
  test(`the first minute at ${name}: sample drawings, train, try, report, pictures behind a cell`, async () => {
    await onPage(async (page) => {
      await watchShifts(page);
      await look(page, `${name}-1-empty`);
      assert.ok(await button(page, "Train").isDisabled());
      assert.equal(await button(page, "Stop").count(), 0, "nothing runs that could be stopped");
      await button(page, "Use our sample drawings").click();
      await button(page, "Stop").waitFor();
      await look(page, `${name}-2-collecting`);
      await said(page, "48 pictures added");
      await collected(page, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
      await look(page, `${name}-3-collected`);
      await button(page, "Train").click();
      await page.locator(".confusion").waitFor();
      await button(page, "Another drawing").click();
      await said(page, /another-(fish|house|tree)-\d\.png: (fish|house|tree), /);
      const [, drawn, told] = (await page.locator("#status").innerText()).match(/another-(\w+)-\d\.png: (\w+),/);
      assert.equal(told, drawn);
      await page.locator("#train .plot svg").waitFor();
      await look(page, `${name}-4-trained`);
      assert.match(await page.locator("#report").innerText(), /95 % interval/);
      const machine = await page.locator("#machine").innerText();
      assert.match(machine, /CPU[\s\S]*Requests that left\s+0\s[\s\S]*Apache-2\.0[\s\S]*[0-9a-f]{64}/);
      await page.getByRole("button", { name: /^16 of 16 fish called fish/ }).click();
      await page.getByRole("dialog").getByRole("grid").getByRole("row").first().waitFor();
      await look(page, `${name}-5-cell`);
      await page.keyboard.press("Escape");
      await assertStill(page);
    }, options);
  });
}

test("by keyboard alone: collect, pick, move, rename, undo, train, try", async () => {
  await onPage(
    async (page) => {
      await reach(page, "Use our sample drawings");
      await press(page, "Enter");
      await said(page, "48 pictures added");
      // Two pictures of the first class, to the second.
      await reach(page, "fish-1.png", "row");
      await press(page, "Space", "ArrowRight", "Space");
      await reach(page, "Move 2 to");
      await press(page, "Enter", "Enter");
      await collected(page, "fish 14 pictures", "house 18 pictures", "tree 16 pictures");
      await press(page, "Control+z");
      await said(page, "Taken back");
      await collected(page, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
      await press(page, "Control+Shift+z");
      await collected(page, "fish 14 pictures", "house 18 pictures", "tree 16 pictures");
      await press(page, "Control+z");
      await reach(page, "Name of class", "input");
      const field = await page.evaluate(() => document.activeElement.value);
      await press(page, "Control+a");
      await page.keyboard.type("renamed");
      await press(page, "Enter");
      await said(page, `${field} is now renamed`);
      await press(page, "Control+z");
      await said(page, "Taken back");
      await reach(page, "Train");
      await press(page, "Enter");
      await page.locator(".confusion").waitFor();
      await reach(page, /^\d+ pictures with /);
      await press(page, "Enter");
      await page.getByRole("dialog").getByRole("row").first().waitFor();
      await press(page, "Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await reach(page, "Another drawing");
      await press(page, "Enter");
      await said(page, /another-\w+-\d\.png: /);
      await reach(page, "16 of 16");
      await press(page, "Enter");
      await page.waitForFunction(() => document.activeElement.closest("[role=dialog]"));
      await press(page, "Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    },
    { viewport: { width: 1280, height: 900 } },
  );
});

test("by keyboard alone: merge, delete, drag, the check's fixes, the map, a folder", async () => {
  await onPage(
    async (page) => {
      await reach(page, "Use our sample drawings");
      await press(page, "Enter");
      await said(page, "48 pictures added");
      await reach(page, "More for class fish");
      await press(page, "Enter");
      await page.getByRole("menuitem", { name: "Merge into …" }).waitFor();
      await press(page, "ArrowRight");
      await page.getByRole("menuitem", { name: "house" }).waitFor();
      await press(page, "ArrowDown", "Enter");
      await said(page, "fish was merged into tree");
      await collected(page, "house 16 pictures", "tree 32 pictures");
      await press(page, "Control+z");
      await said(page, "Taken back");
      await reach(page, "More for class tree");
      await press(page, "Enter");
      await page.getByRole("menuitem", { name: "Delete class" }).waitFor();
      await press(page, "ArrowDown", "Enter");
      await said(page, "tree was deleted with 16 pictures");
      await press(page, "Control+z");
      await said(page, "Taken back");
      await collected(page, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
      // From the picture to its handle; then Tab goes from one place for it to the next.
      await reach(page, "fish-1.png", "row");
      await reach(page, "Drag fish-1.png");
      await press(page, "Enter");
      await reach(page, "Drop on Pictures of house");
      await press(page, "Enter");
      await said(page, "1 picture moved to house");
      await collected(page, "fish 15 pictures", "house 17 pictures", "tree 16 pictures");
      await reach(page, "Check the samples");
      await press(page, "Enter");
      await page.getByRole("list", { name: "Likely wrong labels" }).waitFor();
      await reach(page, "Make it fish");
      await press(page, "Enter");
      await said(page, "1 picture moved to fish");
      await collected(page, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
      assert.equal(await page.evaluate(() => document.activeElement === document.body), false, "the focus is somewhere after the row is gone");
      await reach(page, "Draw the map");
      await press(page, "Enter");
      await page.getByRole("listbox", { name: "Map of 48 pictures in 3 classes" }).waitFor();
      await reach(page, "Map of 48 pictures in 3 classes", "listbox");
      const told = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant")).textContent);
      const first = await told();
      assert.match(first, /^(fish|house|tree)-\d+\.png, \1$/);
      await press(page, "Home", "Space", "ArrowRight", "Space");
      assert.notEqual(await told(), first);
      await page.getByRole("heading", { name: "2 pictures picked" }).waitFor();
      await press(page, "Space");
      await page.getByRole("heading", { name: "1 picture picked" }).waitFor();
      await press(page, "Escape");
      await page.getByRole("heading", { name: /picked$/ }).waitFor({ state: "detached" });
      await reach(page, "Train");
      await press(page, "Enter");
      await page.locator(".confusion").waitFor();
      await reach(page, "Predict a folder");
      // From here on, so that the browser is told before the key is pressed.
      const chosen = new Promise((resolve) => page.once("filechooser", resolve));
      await page.waitForTimeout(100);
      await press(page, "Enter");
      await (await chosen).setFiles(join(folder, "others"));
      await said(page, "2 pictures predicted, 1 could not be read");
      await reach(page, "Download CSV");
      const csv = await saved(page, () => press(page, "Enter"));
      assert.equal(csv.toString().split("\r\n").length, 4);
    },
    { viewport: { width: 1280, height: 900 } },
  );
});

test("a first visit: a trained model within six presses and half a minute", async () => {
  await onPage(async (page) => {
    await page.evaluate(() => {
      globalThis.presses = 0;
      addEventListener("pointerdown", () => globalThis.presses++, true);
    });
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await button(page, "Train").click();
    await said(page, "Trained.");
    const { presses, seconds } = await page.evaluate(() => ({ presses: globalThis.presses, seconds: performance.now() / 1000 }));
    assert.ok(presses > 0 && presses <= 6, `${presses} presses`);
    assert.ok(seconds < 30, `${seconds.toFixed(1)} s since the page was opened`);
  });
});

test("the page that is built has a policy that lets nothing out, and no script of its own inside it", () => {
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const [, policy] = html.match(/http-equiv="Content-Security-Policy"\s+content="([^"]+)"/);
  const rules = new Map(policy.split(";").map((rule) => rule.trim().split(/\s+/)).map(([name, ...sources]) => [name, sources]));
  assert.deepEqual(rules.get("default-src"), ["'none'"]);
  assert.deepEqual(rules.get("connect-src"), ["'self'"]);
  assert.deepEqual(rules.get("script-src"), ["'self'", "'wasm-unsafe-eval'"]);
  assert.deepEqual(rules.get("worker-src"), ["'self'", "blob:"]);
  assert.deepEqual(rules.get("img-src"), ["'self'", "blob:", "data:"]);
  assert.deepEqual([rules.get("base-uri"), rules.get("form-action")], [["'none'"], ["'none'"]]);
  const [self, ...hashes] = rules.get("style-src");
  assert.equal(self, "'self'");
  assert.ok(hashes.every((hash) => /^'sha256-/.test(hash)), hashes.join(" "));
  for (const [, attributes, inside] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
    assert.match(attributes, /src="\.\//);
    assert.equal(inside.trim(), "");
  }
  assert.ok(!/ on\w+=|<style|style=/.test(html), "no handler and no style inside the page");
  // The policy has to come before what it is to hold.
  assert.ok(html.indexOf("Content-Security-Policy") < html.search(/<script|<link[^>]+(stylesheet|modulepreload)/));
});

test("a class has pictures added to it; a loose picture is asked for its class; Shift picks a range", async () => {
  await onPage(
    async (page) => {
      await button(page, "New class").click();
      await page.getByRole("dialog").getByLabel("Name").fill("hot");
      await page.keyboard.press("Enter");
      await page.getByRole("article", { name: "hot" }).waitFor();
      await choose(page, "Add pictures", [0, 1, 2].map((i) => join(folder, `pictures/warm/warm-${i}.png`)));
      await said(page, "3 pictures added");
      await collected(page, "hot 3 pictures");
      await choose(page, "Choose files", join(folder, "pictures/warm/warm-3.png"));
      await page.getByRole("dialog", { name: "Which class is this picture?" }).getByRole("button", { name: "hot" }).click();
      await said(page, "1 picture added");
      await collected(page, "hot 4 pictures");
      const row = (i) => page.getByRole("row", { name: `warm-${i}.png`, exact: true });
      await row(0).click();
      await row(2).click({ modifiers: ["Shift"] });
      await button(page, "Move 3 to …").waitFor();
      await button(page, "Remove 3").click();
      await said(page, "3 pictures removed");
      await button(page, "Undo").click();
      await collected(page, "hot 4 pictures");
      // Without a class: it waits in a place of its own, and is labelled there.
      await choose(page, "Choose files", join(folder, "pictures/cold/cold-0.png"));
      await page.getByRole("dialog").getByRole("button", { name: "Without a label for now" }).click();
      await said(page, "1 picture added");
      await choose(page, "Add a folder", join(folder, "others"));
      await said(page, "2 pictures added");
      const tray = page.getByRole("article", { name: "Without a label" });
      await tray.getByText("3 pictures", { exact: true }).waitFor();
      await collected(page, "hot 4 pictures");
      await page.getByText("7 pictures in 1 class.").waitFor();
      await tray.getByRole("row", { name: "cold-0.png" }).click();
      await lookTwice(page, "33-without-label");
      await button(page, "Label 1 as …").click();
      await page.getByRole("menuitem", { name: "hot" }).click();
      await said(page, "1 picture moved to hot");
      await tray.getByText("2 pictures", { exact: true }).waitFor();
      await button(page, "Undo").click();
      await tray.getByText("3 pictures", { exact: true }).waitFor();
    },
    { viewport: { width: 1280, height: 1400 } },
  );
});

test("folders, a zip, a torn file, and the list of what was left out", async () => {
  await onPage(
    async (page) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await choose(page, "Choose a folder", join(folder, "pictures"));
      await said(page, "16 pictures added");
      await said(page, "1 left out");
      await collected(page, "cold 8 pictures", "warm 8 pictures");
      await choose(page, "Choose files", join(folder, "pictures.zip"));
      await said(page, "0 pictures added");
      await said(page, "16 were here already, 1 left out");
      await button(page, "2 files were left out").click();
      assert.match(await page.locator(".problems").innerText(), /torn\.png.*bad-image/s);
      await look(page, "390-light-6-problems");
      await button(page, "Copy the list").click();
      await said(page, "The list was copied");
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.match(copied, /^pictures\/warm\/torn\.png\tbad-image\t.+\npictures\/warm\/torn\.png\tbad-image\t.+$/);
      await button(page, "Clear").click();
      assert.equal(await page.locator(".problems").count(), 0);
    },
    { viewport: { width: 390, height: 844 } },
  );
});

test("dropped folders, a dropped file that is asked for its class, a pasted picture", async () => {
  await onPage(async (page) => {
    const cdp = await page.context().newCDPSession(page);
    const drop = async (onto, ...files) => {
      await onto.scrollIntoViewIfNeeded();
      const box = await onto.boundingBox();
      const at = { x: box.x + box.width / 2, y: box.y + 15 };
      const data = { items: [], files, dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"]) await cdp.send("Input.dispatchDragEvent", { type, ...at, data });
    };
    const zone = page.locator("#collect .drop");
    await drop(zone, join(folder, "pictures/warm"), join(folder, "pictures/cold"));
    await said(page, "16 pictures added");
    await drop(zone, join(folder, "others/=other-1.png"));
    const dialog = page.getByRole("dialog", { name: "Which class is this picture?" });
    await lookTwice(page, "7-ask");
    await dialog.getByLabel("Class").fill("other");
    await page.keyboard.press("Enter");
    await said(page, "1 picture added");
    await collected(page, "warm 8 pictures", "cold 8 pictures", "other 1 picture");
    await drop(zone, join(folder, "others/=other-2.png"));
    await page.keyboard.press("Escape");
    await said(page, "Nothing was added");
    // Onto a class: that is the class.
    await drop(grid(page, "other"), join(folder, "others/=other-2.png"));
    await collected(page, "warm 8 pictures", "cold 8 pictures", "other 2 pictures");
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(40, 40);
      canvas.getContext("2d").fillRect(0, 0, 20, 20);
      const transfer = new DataTransfer();
      transfer.items.add(new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
    });
    await page.getByRole("dialog").getByRole("button", { name: "warm" }).click();
    await collected(page, "warm 9 pictures", "cold 8 pictures", "other 2 pictures");
  });
});

test("a picture has a second label: it is in both classes, counts once, and loses either", async () => {
  await onPage(
    async (page) => {
      await choose(page, "Choose a folder", join(folder, "pictures"));
      await said(page, "16 pictures added");
      const cold = page.getByRole("article", { name: "cold" });
      const warm = page.getByRole("article", { name: "warm" });
      for (const i of [0, 1]) await cold.getByRole("row", { name: `cold-${i}.png`, exact: true }).click();
      await cold.getByRole("button", { name: "Also label as …" }).click();
      await page.getByRole("menuitem", { name: "warm" }).click();
      await said(page, "2 pictures also labelled warm");
      await collected(page, "cold 8 pictures", "warm 10 pictures");
      await page.getByText("16 pictures in 2 classes.").waitFor();
      await warm.getByRole("row", { name: "cold-0.png", exact: true }).click();
      await lookTwice(page, "43-two-labels");
      await warm.getByRole("button", { name: "Not warm" }).click();
      await said(page, "warm was taken off 1 picture");
      await collected(page, "cold 8 pictures", "warm 9 pictures");
      // Of two labels the one that is moved from gives way.
      await button(page, "New class").click();
      await page.getByRole("dialog").getByLabel("Name").fill("blue");
      await page.keyboard.press("Enter");
      await cold.getByRole("row", { name: "cold-1.png", exact: true }).click();
      await cold.getByRole("button", { name: "Move 1 to …" }).click();
      await page.getByRole("menuitem", { name: "blue" }).click();
      await collected(page, "cold 7 pictures", "warm 9 pictures", "blue 1 picture");
      await page.getByRole("textbox", { name: "Name of class warm" }).fill("hot");
      await page.keyboard.press("Enter");
      await said(page, "warm is now hot");
      await collected(page, "cold 7 pictures", "hot 9 pictures", "blue 1 picture");
      // Renaming was two calls, for two kinds of sets; one Undo takes back both.
      await button(page, "Undo").click();
      await collected(page, "cold 7 pictures", "warm 9 pictures", "blue 1 picture");
      for (let i = 0; i < 4; i++) {
        await button(page, "Undo").click();
        await said(page, "Taken back");
      }
      await collected(page, "cold 8 pictures", "warm 8 pictures");
    },
    { viewport: { width: 1280, height: 1400 } },
  );
});

/** As a hand does it: press, move over, and let go once the target shows that it would take it. */
async function drag(page, what, target) {
  await what.hover();
  await page.mouse.down();
  const to = await target.boundingBox();
  const taken = page.locator(".pictures[data-drop-target]");
  // Chromium sends no dragover while the mouse stands still, and the first ones may come before React has drawn the drag.
  for (let i = 0; i < 60 && (i < 4 || (await taken.count()) === 0); i++) {
    await page.mouse.move(to.x + 150 + (i % 2), to.y + 175);
    await page.waitForTimeout(50);
  }
  await page.mouse.up();
}

test("pictures are dragged to another class; classes are made, merged, deleted; all of it can be taken back", async () => {
  await onPage(
    async (page) => {
      await choose(page, "Choose a folder", join(folder, "pictures"));
      await said(page, "16 pictures added");
      const row = (name) => page.getByRole("row", { name, exact: true });
      await row("warm-0.png").click();
      await row("warm-1.png").click();
      await look(page, "1280-light-10-picked");
      await drag(page, row("warm-1.png"), grid(page, "cold"));
      await said(page, "2 pictures moved to cold");
      await collected(page, "cold 10 pictures", "warm 6 pictures");
      await button(page, "Undo").click();
      await collected(page, "cold 8 pictures", "warm 8 pictures");
      await button(page, "New class").click();
      await page.getByRole("dialog").getByLabel("Name").fill("empty");
      await page.keyboard.press("Enter");
      await collected(page, "cold 8 pictures", "warm 8 pictures", "empty 0 pictures");
      await button(page, "More for class warm").click();
      await page.getByRole("menuitem", { name: "Merge into …" }).click();
      await page.getByRole("menuitem", { name: "cold" }).click();
      await said(page, "warm was merged into cold");
      await collected(page, "cold 16 pictures", "empty 0 pictures");
      await button(page, "More for class cold").click();
      await page.getByRole("menuitem", { name: "Delete class" }).click();
      await said(page, "cold was deleted with 16 pictures");
      await collected(page, "empty 0 pictures");
      await button(page, "Undo").click();
      await button(page, "Undo").click();
      await collected(page, "cold 8 pictures", "warm 8 pictures", "empty 0 pictures");
      await grid(page, "warm").getByRole("img").nth(5).waitFor();
      // A name that another class has merges the two.
      await page.getByLabel("Name of class warm").fill("cold");
      await page.keyboard.press("Enter");
      await collected(page, "cold 16 pictures", "empty 0 pictures");
      await row("cold-3.png").click();
      await button(page, "Remove 1").click();
      await collected(page, "cold 15 pictures", "empty 0 pictures");
    },
    { viewport: { width: 1280, height: 1800 } },
  );
});

test("the webcam: hold to record a burst, and see live what the model says", async () => {
  await onPage(
    async (page) => {
      // The fake camera begins with the same frames each time: the second burst is longer, so that it brings new ones.
      for (const [name, least] of [["one", 3], ["two", 8]]) {
        await button(page, "New class").click();
        await page.getByRole("dialog").getByLabel("Name").fill(name);
        await page.keyboard.press("Enter");
        await page.getByRole("article", { name, exact: true }).getByRole("button", { name: "Webcam" }).click();
        const record = page.getByRole("dialog").getByRole("button", { name: "Hold to record" });
        await page.waitForFunction(() => document.querySelector("video")?.videoWidth > 0);
        if (name === "two") {
          const camera = () => page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].label);
          const first = await camera();
          await page.getByRole("dialog").getByRole("button", { name: /Camera$/ }).click();
          await page.getByRole("option").filter({ hasNotText: first }).click();
          await page.waitForFunction((first) => document.querySelector("video").srcObject?.getVideoTracks()[0].label !== first && document.querySelector("video").videoWidth > 0, first);
        }
        await record.hover();
        await page.mouse.down();
        await page.waitForFunction((least) => parseInt(document.querySelector("[role=dialog] .count").textContent) >= least, least);
        await page.mouse.up();
        if (name === "one") await lookTwice(page, "8-webcam");
        await button(page, "Done").click();
        await said(page, /^[1-9]\d* pictures? added/);
      }
      await button(page, "Train").click();
      // One burst a class: nothing can be held out, and the report says what to do.
      await page.locator("#report", { hasText: /single burst.*add another/ }).waitFor();
      await page.locator("#try").getByRole("button", { name: "Webcam" }).click();
      await page.locator("#try .headline").waitFor();
      assert.match(await page.locator("#try .headline").innerText(), /one|two/);
      await lookTwice(page, "11-live");
      await button(page, "Webcam off").click();
      assert.equal(await page.locator("video").count(), 0);
    },
    { viewport: { width: 1280, height: 1000 } },
  );
});

test("a camera that is refused says what to do", async () => {
  await onPage(async (page) => {
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException("no", "NotAllowedError");
      };
    });
    await button(page, "New class").click();
    await page.getByRole("dialog").getByLabel("Name").fill("me");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "me" }).getByRole("button", { name: "Webcam" }).click();
    await page.getByText("The camera was not allowed. Allow it in the address bar").waitFor();
    assert.ok(await button(page, "Hold to record").isDisabled());
    await lookTwice(page, "34-camera-refused");
  });
});

test("a folder is predicted, a broken file is named, and the table is saved as CSV", async () => {
  await onPage(
    async (page) => {
      await choose(page, "Choose a folder", join(folder, "pictures"));
      await said(page, "16 pictures added");
      await button(page, "Train").click();
      await page.locator(".confusion").waitFor();
      await choose(page, "Predict a folder", join(folder, "others"));
      await said(page, "2 pictures predicted, 1 could not be read");
      await lookTwice(page, "9-batch");
      const download = page.waitForEvent("download");
      await button(page, "Download CSV").click();
      const csv = readFileSync(await (await download).path(), "utf8").split("\r\n");
      const line = (name) => csv.find((line) => line.includes(name));
      assert.equal(csv.length, 4);
      assert.equal(csv[0], "file,label,confidence,novelty,error,score: cold,score: warm");
      assert.match(line("=other-1.png"), /^others\/=other-1\.png,cold,0\.\d+,0\.\d+,,0\.\d+,[\d.e-]+$/);
      assert.match(line("text.png"), /^others\/text\.png,,,,"?text is not a picture format/);
    },
    { viewport: { width: 1280, height: 900 } },
  );
});

test("one picture that is tried while a folder is predicted takes nothing from the folder", async () => {
  await onPage(
    async (page) => {
      await withHeldLearner(page);
      await choose(page, "Choose a folder", join(folder, "pictures"));
      await said(page, "16 pictures added");
      await button(page, "Train").click();
      await page.locator(".confusion").waitFor();
      await hold(page, "predict");
      await choose(page, "Predict a folder", join(folder, "others"));
      await page.getByRole("progressbar", { name: "Predicting" }).waitFor();
      await letGo(page, "predict", { waiting: false });
      await choose(page, "Choose a picture", join(folder, "others/=other-1.png"));
      await said(page, "=other-1.png: cold");
      await letGo(page, "predict");
      await said(page, "2 pictures predicted, 1 could not be read");
      await page.getByRole("grid", { name: "Predictions for 3 pictures" }).waitFor();
      assert.equal(await page.locator("#try .headline").innerText(), "cold");
    },
    { viewport: { width: 1280, height: 900 } },
  );
});

test("stopping an import keeps what was taken in, and the rest can come later", async () => {
  await onPage(async (page) => {
    await choose(page, "Choose a folder", join(folder, "pictures"));
    await page.getByRole("progressbar", { name: "Taking in pictures" }).waitFor();
    await page.waitForFunction(() => /^[1-9]\d* of/.test(document.querySelector(".progress .soft")?.textContent ?? ""));
    await button(page, "Stop").click();
    await said(page, "Stopped.");
    await page.locator("article.class").first().waitFor();
    const kept = (await classes(page)).reduce((n, c) => n + Number(c.match(/(\d+) picture/)[1]), 0);
    assert.ok(kept > 0 && kept < 16, `kept ${kept}`);
    await choose(page, "Choose a folder", join(folder, "pictures"));
    await collected(page, "cold 8 pictures", "warm 8 pictures");
  });
});

test("workers are held by the page's policy: a request elsewhere is refused and shown", async () => {
  await onPage(async (page) => {
    await page.locator("#machine", { hasText: "Requests that left" }).waitFor();
    const elsewhere = "http://localhost:9/pictures";
    for (const worker of page.workers()) assert.equal(await worker.evaluate((url) => fetch(url).then(() => "sent", () => "refused"), elsewhere), "refused");
    await page.getByText(`0; ${page.workers().length} refused by the page’s policy`).waitFor();
    // The browser complains of each.
    const refusals = page.complaints.splice(0);
    assert.ok(refusals.every((text) => text.includes("Content Security Policy")), refusals.join("\n"));
  }, { strangers: "refused" });
});

test("ten thousand thumbnails: only those in view are in the document", async () => {
  await withPage(
    async (page) => {
      await withInstantLearner(page);
      await page.reload();
      await said(page, "Ready");
      await pasteMany(page, 10_000);
      const rows = () => grid(page, "all").getByRole("row").evaluateAll((all) => all.map((row) => row.getAttribute("aria-label")));
      await page.waitForFunction(() => document.querySelector(".pictures").ariaRowCount === "10000");
      const top = await rows();
      await grid(page, "all").evaluate((element) => (element.scrollTop = element.scrollHeight));
      await page.getByRole("row", { name: "9999.png" }).waitFor();
      await page.getByRole("img", { name: "9999.png" }).waitFor();
      const bottom = await rows();
      assert.ok(top.length < 100 && bottom.length < 100, `${top.length}, ${bottom.length} in the document`);
      assert.ok(!bottom.includes(top[5]));
    },
    { path: "/dist/" },
  );
});

test("without its files the page says what is missing", async () => {
  await withPage(
    async (page) => {
      await page.route("**/manifest.json", (route) => route.fulfill({ status: 404 }));
      await page.reload();
      await page.getByRole("alert").waitFor();
      assert.match(await page.getByRole("alert").innerText(), /Headstart cannot start: .*manifest\.json answered 404/);
    },
    { path: "/dist/" },
  );
});
