// The page by keyboard alone.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { collected, folder } from "./painted.mjs";
import { onPage, press, reach, said, saved } from "./visit.mjs";

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
