// What the page says about the model: report, doctor, verdict, map, refusals, explanations; every state looked at by axe.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { button, look, lookTwice, onPage, said } from "./visit.mjs";

const trainedOnDrawings = async (page) => {
  await button(page, "Use our sample drawings").click();
  await said(page, "48 pictures added");
  await button(page, "Train").click();
  await page.locator(".confusion").waitFor();
};

test("the report shows whether its confidence can be believed, whether more would help, and on whom it is worse", async () => {
  await onPage(async (page) => {
    await trainedOnDrawings(page);
    const report = page.locator("#report");
    await report.getByRole("heading", { name: "Is it worse on some pictures?" }).waitFor();
    for (const name of ["reliability curve", "learning curve"]) {
      for (const kind of ["SVG", "PNG"]) {
        const download = page.waitForEvent("download");
        await button(page, `Save ${kind} of the ${name}`).click();
        const bytes = readFileSync(await (await download).path());
        if (kind === "SVG") assert.match(bytes.toString(), /^<svg|^<\?xml/);
        else assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from("PNG")]);
        assert.ok(bytes.length > 1000, `${kind} of the ${name}: ${bytes.length} bytes`);
      }
    }
    for (const summary of await report.getByText("Show as table").all()) await summary.click();
    await lookTwice(page, "12-report");
    // The pictures behind a slice.
    await report.getByRole("button", { name: /^\d+ pictures? with / }).first().click();
    await page.getByRole("dialog").getByRole("grid").getByRole("row").first().waitFor();
    await page.keyboard.press("Escape");
  });
});

test("a wrong label is found, put right, and taken back", async () => {
  await onPage(async (page) => {
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    // A fish becomes a house.
    const fish = page.getByRole("grid", { name: "Pictures of fish" });
    await fish.getByRole("row").first().click();
    await page.getByRole("article", { name: "fish" }).getByRole("button", { name: /^Move 1 to/ }).click();
    await page.getByRole("menuitem", { name: "house" }).click();
    const counts = () => page.locator("article.class .count").allInnerTexts();
    await page.waitForFunction(() => document.querySelector("article.class .count").textContent.startsWith("15"));
    await button(page, "Check the samples").click();
    const wrong = page.getByRole("list", { name: "Likely wrong labels" });
    await wrong.waitFor();
    await lookTwice(page, "13-doctor");
    await wrong.getByRole("button", { name: "Make it fish" }).first().click();
    await page.waitForFunction(() => document.querySelector("article.class .count").textContent.startsWith("16"));
    assert.deepEqual((await counts()).map((c) => parseInt(c)), [16, 16, 16]);
    await button(page, "Undo").first().click();
    await page.waitForFunction(() => document.querySelector("article.class .count").textContent.startsWith("15"));
  });
});

test("the verdict on the backbone, the map and what is picked on it", async () => {
  await onPage(async (page) => {
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await button(page, "Check against learning from scratch").click();
    await page.locator("#verdict .verdict.big").waitFor({ timeout: 120_000 });
    assert.match(await page.locator("#verdict .verdict.big").innerText(), /backbone/);
    await button(page, "Draw the map").click();
    await page.getByRole("img", { name: "Map of 48 pictures in 3 classes" }).waitFor();
    await page.getByRole("group", { name: "Pick by class" }).getByRole("button", { name: "fish 16" }).click();
    await page.getByRole("grid", { name: "Picked on the map" }).getByRole("row").first().waitFor();
    await lookTwice(page, "14-verdict-map");
    await button(page, "Pick none").last().click();
  });
});

test("what is strange is called none of these, and an answer is explained", async () => {
  await onPage(async (page) => {
    await trainedOnDrawings(page);
    await page.getByRole("checkbox", { name: "Say “none of these” for what is strange" }).check({ force: true });
    await button(page, "Another drawing").click();
    await page.locator("#try .headline").waitFor();
    await button(page, "Explain").click();
    await page.getByRole("heading", { name: /^Why / }).waitFor();
    await page.getByRole("list", { name: "Most like it" }).waitFor();
    await lookTwice(page, "15-explained");
  });
});

test("words of a text are weighed", async () => {
  await onPage(
    async (page) => {
      await button(page, "Use our sample sentences").click();
      await said(page, /\d+ texts added/);
      await button(page, "Train").click();
      await page.locator(".confusion").waitFor();
      const box = page.locator("#try").getByRole("textbox").first();
      await box.fill("The soup was cold and the waiter was rude.");
      await page.locator("#try .headline").waitFor();
      await button(page, "Explain").click();
      await page.locator("#try .word").first().waitFor();
      assert.ok((await page.locator("#try .word").count()) >= 8);
      await lookTwice(page, "16-words");
    },
    { path: "/dist/?task=text" },
  );
});
