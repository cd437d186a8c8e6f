// Collecting pictures: every way in, classes, labels, and taking it all back.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { classes, collected, folder, grid } from "./painted.mjs";
import { button, choose, look, lookTwice, onPage, press, said } from "./visit.mjs";

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

/**
 * As a hand does it: press, move over, and let go once the target shows that it would take it. Chromium without a window now and then
 * starts no drag, or lets it fall: then the hand tries again, as long as the page has not said that something moved.
 */
async function drag(page, what, target, moved) {
  const taken = page.locator(".pictures[data-drop-target]");
  for (let attempt = 0; attempt < 3; attempt++) {
    await what.hover();
    await page.mouse.down();
    const to = await target.boundingBox();
    // Chromium sends no dragover while the mouse stands still, and the first ones may come before React has drawn the drag.
    for (let i = 0; i < 60 && (i < 4 || (await taken.count()) === 0); i++) {
      await page.mouse.move(to.x + 150 + (i % 2), to.y + 175);
      await page.waitForTimeout(50);
    }
    await page.mouse.up();
    if (await page.locator("#status", { hasText: moved }).waitFor({ timeout: 5000 }).then(() => true, () => false)) return;
  }
  assert.fail(`three drags, and the page has not said “${moved}”`);
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
      await drag(page, row("warm-1.png"), grid(page, "cold"), "2 pictures moved to cold");
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
