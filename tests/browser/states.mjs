// States that are there for a moment, or behind a press: loading, at work, stopped, menus, dialogs. axe looks at each, on a wide
// light screen and on a narrow dark one; screenshots go to tests/output/.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withPage } from "./chromium.mjs";
import { hold, letGo, withHeldLearner } from "./held.mjs";
import { button, choose, lookTwice, onPage, said } from "./visit.mjs";

const folder = mkdtempSync(join(tmpdir(), "headstart-states-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "mails.csv"), "message,team\nWhere is my parcel?,post\nThe box is late,post\nMy chain broke,shop\n");

const texts = { path: "/dist/?task=text" };
const drawings = async (page) => {
  await button(page, "Use our sample drawings").click();
  await said(page, "48 pictures added");
};
const sentences = async (page) => {
  await button(page, "Use our sample sentences").click();
  await said(page, "36 texts added");
};
const trained = async (page) => {
  await button(page, "Train").click();
  await page.locator("#report .bill").waitFor();
};
const atWork = (page, name) => page.getByRole("progressbar", { name }).waitFor();

test("while the backbone loads, and when it cannot be had", async () => {
  await withPage(
    async (page) => {
      let goOn;
      const held = new Promise((resolve) => (goOn = resolve));
      await page.route("**/model.safetensors", async (route) => {
        await held;
        await route.fulfill({ status: 503 });
      });
      await page.reload();
      await atWork(page, /^Loading the backbone/);
      await lookTwice(page, "17-loading");
      goOn();
      await page.getByRole("alert", { name: "" }).waitFor();
      assert.match(await page.getByRole("alert").innerText(), /Headstart cannot start: .*model\.safetensors answered 503/);
      await lookTwice(page, "18-failed");
    },
    { path: "/dist/" },
  );
});

test("dialogs, menus and the drop target", async () => {
  await onPage(async (page) => {
    await button(page, "New class").click();
    await page.getByRole("dialog", { name: "New class" }).waitFor();
    await lookTwice(page, "19-new-class");
    await page.keyboard.press("Escape");
    await drawings(page);
    await button(page, "More for class fish").click();
    await page.getByRole("menuitem", { name: "Merge into …" }).click();
    await page.getByRole("menuitem", { name: "tree" }).waitFor();
    await lookTwice(page, "20-merge");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("row", { name: "fish-1.png", exact: true }).click();
    await button(page, "Move 1 to …").click();
    await page.getByRole("menuitem", { name: "house" }).waitFor();
    await lookTwice(page, "21-move");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /Head$/ }).click();
    await page.getByRole("option", { name: "Prototype" }).waitFor();
    await lookTwice(page, "22-heads");
    await page.keyboard.press("Escape");
    // Something is dragged over the page and has not been let go.
    const cdp = await page.context().newCDPSession(page);
    const over = async () => {
      const box = await page.locator("#collect .drop").boundingBox();
      const data = { items: [], files: [join(folder, "mails.csv")], dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver"]) await cdp.send("Input.dispatchDragEvent", { type, x: box.x + 40, y: box.y + 15, data });
    };
    await over();
    await page.locator(".drop[data-drop-target]").waitFor();
    await lookTwice(page, "23-over");
  });
});

test("training runs, with its time left, and is stopped; so are the report, the check, the verdict and a folder", async () => {
  await onPage(async (page) => {
    await withHeldLearner(page);
    await drawings(page);
    await hold(page, "train");
    await button(page, "Train").click();
    await page.locator("#train .plot svg").waitFor();
    await page.locator("#train .progress", { hasText: /^Training\s*10 of 30, about \d+ s left$/ }).waitFor();
    await lookTwice(page, "24-training");
    await button(page, "Stop").click();
    await said(page, "Training was stopped.");
    await letGo(page, "train");
    await lookTwice(page, "25-stopped");
    await hold(page, "evaluate");
    await button(page, "Train").click();
    await atWork(page, "Checking on held-out pictures");
    await hold(page, "doctor");
    await hold(page, "transferVerdict");
    await hold(page, "predict");
    await button(page, "Check the samples").click();
    await button(page, "Check against learning from scratch").click();
    await choose(page, "Predict a folder", folder);
    for (const name of ["Looking through the pictures", "Learning from scratch, to compare"]) await atWork(page, name);
    await lookTwice(page, "26-at-work");
    for (const [id, sentence] of [["report", "The check was stopped."], ["doctor", "The check was stopped."], ["verdict", "The comparison was stopped."]]) {
      await page.locator(`#${id}`).getByRole("button", { name: "Stop" }).click();
      await said(page, sentence);
    }
    assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
  });
});

test("texts: pasting, picking, labelling, a table of predictions", async () => {
  await onPage(async (page) => {
    await button(page, "Paste texts").click();
    await page.getByRole("dialog").getByRole("textbox").fill("one\ntwo\n");
    await lookTwice(page, "text-27-paste");
    await page.keyboard.press("Escape");
    await sentences(page);
    await page.getByRole("grid", { name: "Texts and their labels" }).getByText("The tracking page").click();
    await page.locator(".whole").waitFor();
    await lookTwice(page, "text-28-picked");
    await button(page, "Label 1 as …").click();
    await page.getByRole("menuitem", { name: "praise" }).waitFor();
    await lookTwice(page, "text-29-label");
    await page.keyboard.press("Escape");
    await button(page, "Pick none").click();
    await page.getByRole("button", { name: /Show$/ }).click();
    await page.getByRole("option", { name: "repair: 12" }).click();
    await page.getByRole("textbox", { name: "Name of class repair" }).waitFor();
    await lookTwice(page, "text-30-one-label");
    await trained(page);
    await choose(page, "Predict a table", join(folder, "mails.csv"));
    await button(page, "Predict 3 texts").click();
    await said(page, "3 texts predicted");
    await lookTwice(page, "text-31-batch");
  }, texts);
});

test("texts: what may be wrong, the verdict and the map", async () => {
  await onPage(async (page) => {
    await sentences(page);
    await button(page, "Check the samples").click();
    await page.getByRole("heading", { name: "Likely wrong labels" }).waitFor();
    await button(page, "Check against learning from scratch").click();
    await page.locator("#verdict .plot svg").waitFor({ timeout: 120_000 });
    await button(page, "Draw the map").click();
    await page.getByRole("listbox", { name: "Map of 36 texts in 3 classes" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.getByRole("grid", { name: "Picked on the map" }).getByRole("row").first().waitFor();
    await lookTwice(page, "text-32-judged");
  }, texts);
});
