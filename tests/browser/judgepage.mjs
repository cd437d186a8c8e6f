// What the page says about the model: report, doctor, verdict, map, refusals, explanations; every state looked at by axe.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BlobReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { dist } from "../../scripts/paths.mjs";
import { button, choose, lookTwice, onPage, said, saved } from "./visit.mjs";

/** One of the sample drawings to train on. */
async function drawing(name) {
  const entries = await new ZipReader(new BlobReader(new Blob([readFileSync(join(dist, "drawings/train.zip"))]))).getEntries();
  return Buffer.from(await entries.find((entry) => entry.filename.endsWith(name)).getData(new Uint8ArrayWriter()));
}

const picture = (name, buffer) => ({ name, mimeType: /png$/.test(name) ? "image/png" : "image/jpeg", buffer });

/** The same picture as JPEG: to the backbone hardly another. */
const again = (page, png) =>
  page.evaluate(async (png) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(png)]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 })).arrayBuffer())];
  }, [...png]).then((bytes) => Buffer.from(bytes));

/** Like no drawing: grey noise. */
const noise = (page) =>
  page.evaluate(async () => {
    const canvas = new OffscreenCanvas(224, 224);
    const context = canvas.getContext("2d");
    let state = 7;
    for (let i = 0; i < 224 * 224; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      context.fillStyle = `rgb(${state >>> 24} ${state >>> 24} ${state >>> 24})`;
      context.fillRect(i % 224, Math.floor(i / 224), 1, 1);
    }
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  }).then((bytes) => Buffer.from(bytes));

/** A chart is saved as what its buttons say. */
async function savesAs(page, name) {
  for (const kind of ["SVG", "PNG"]) {
    const bytes = await saved(page, () => button(page, `Save ${kind} of the ${name}`).click());
    if (kind === "SVG") assert.match(bytes.toString(), /^<svg|^<\?xml/);
    else assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from("PNG")]);
    assert.ok(bytes.length > 1000, `${kind} of the ${name}: ${bytes.length} bytes`);
  }
}

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
    await report.locator(".bill").waitFor();
    for (const name of ["training curve", "confusion matrix", "reliability curve", "learning curve"]) await savesAs(page, name);
    const figures = report.getByRole("region", { name: "The report in figures" });
    for (const name of ["Accuracy", "Balanced accuracy", "Macro F1", "Log loss", "Brier score", "Calibration error"]) await figures.getByRole("rowheader", { name: new RegExp(`^${name} `) }).waitFor();
    assert.match(await report.locator(".bill").innerText(), /48 labels by you, 6\.8 MB fetched for the backbone[\s\S]*\d\.\d\s+training/);
    // Nothing is cut at this width.
    for (const table of await report.locator(".scroll").all()) assert.ok(await table.evaluate((box) => box.scrollWidth <= box.clientWidth + 1), await table.getAttribute("aria-label"));
    for (const summary of await page.locator("#report, #train").getByText("Show as table").all()) await summary.click();
    await lookTwice(page, "12-report");
    // The pictures behind a slice.
    await report.getByRole("button", { name: /^\d+ pictures? with / }).first().click();
    await page.getByRole("dialog").getByRole("grid").getByRole("row").first().waitFor();
    await lookTwice(page, "38-slice");
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
    const map = page.getByRole("listbox", { name: "Map of 48 pictures in 3 classes" });
    await map.waitFor();
    await page.getByRole("group", { name: "Pick by class" }).getByRole("button", { name: "fish 16" }).click();
    await page.getByRole("grid", { name: "Picked on the map" }).getByRole("row").first().waitFor();
    await lookTwice(page, "14-verdict-map");
    await button(page, "Pick none").last().click();
    for (const name of ["verdict", "map"]) await savesAs(page, name);
    // A rectangle over the left half; what it picks becomes a house, and is taken back.
    await map.scrollIntoViewIfNeeded();
    const box = await map.boundingBox();
    await page.mouse.move(box.x + 3, box.y + 3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 3);
    assert.equal(await page.locator(".map .area").count(), 1);
    await page.mouse.up();
    const heading = page.getByRole("heading", { name: /^\d+ pictures picked$/ });
    await heading.waitFor();
    const n = parseInt(await heading.innerText());
    assert.ok(n > 0 && n < 48, `${n} in the left half`);
    const before = await page.locator("article.class .count").allInnerTexts();
    await button(page, `Move ${n} to class …`).click();
    await page.getByRole("menuitem", { name: "house" }).click();
    await said(page, `${n} pictures moved to house`);
    assert.notDeepEqual(await page.locator("article.class .count").allInnerTexts(), before);
    await button(page, "Undo").first().click();
    await said(page, "Taken back");
    await page.waitForFunction((before) => [...document.querySelectorAll("article.class .count")].map((c) => c.innerText).join() === before, before.join());
  });
});

test("duplicates, outliers and what is worth a label: each is put right with one press, and taken back", async () => {
  await onPage(async (page) => {
    const counts = () => page.locator("article:is(.class, .tray) .count").allInnerTexts().then((all) => all.map((count) => parseInt(count)));
    const become = (...want) => page.waitForFunction((want) => [...document.querySelectorAll("article:is(.class, .tray) .count")].map((c) => parseInt(c.textContent)).join() === want, want.join());
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    const fish = page.getByRole("article", { name: "fish" });
    await choose(fish, "Add pictures", [picture("fish-1-again.jpg", await again(page, await drawing("fish-1.png"))), picture("noise.png", await noise(page))]);
    await said(page, "2 pictures added");
    const waiting = await Promise.all([2, 3].map(async (i) => picture(`who-${i}.jpg`, await again(page, await drawing(`tree-${i}.png`)))));
    await choose(page, "Add without a label", waiting);
    await said(page, "2 pictures added");
    await become(18, 16, 16, 2);
    await button(page, "Check the samples").click();
    const findings = (name) => page.getByRole("list", { name, exact: true });
    await findings("Almost the same").waitFor();
    await findings("Worth a label next").getByRole("listitem").first().waitFor();
    await lookTwice(page, "35-doctor-all");
    const undone = async () => {
      await button(page, "Undo").first().click();
      await become(18, 16, 16, 2);
    };
    // The twin of fish-1.
    await findings("Almost the same").getByRole("listitem").filter({ has: page.getByRole("img", { name: "fish-1-again.jpg" }) }).getByRole("button", { name: "Remove all but the first" }).click();
    await become(17, 16, 16, 2);
    await undone();
    await findings("Unlike every class").getByRole("listitem").filter({ has: page.getByRole("img", { name: "noise.png" }) }).getByRole("button", { name: "Remove" }).click();
    await become(17, 16, 16, 2);
    await undone();
    const next = findings("Worth a label next").getByRole("listitem");
    const n = await next.count();
    await next.first().getByRole("button", { name: "tree" }).click();
    await become(18, 16, 17, 1);
    assert.equal(await next.count(), n - 1);
    await undone();
    assert.equal(await next.count(), n);
    assert.deepEqual(await counts(), [18, 16, 16, 2]);
  });
});

test("what is strange is called none of these, and an answer is explained", async () => {
  await onPage(async (page) => {
    await trainedOnDrawings(page);
    await page.getByRole("checkbox", { name: "Say “none of these” for what is strange" }).check({ force: true });
    await page.getByText("About 1 in 20 pictures of your own kinds may be refused by mistake.").waitFor();
    await choose(page, "Choose a picture", picture("noise.png", await noise(page)));
    await said(page, /^noise\.png: None of these\.$/);
    assert.equal(await page.locator("#try .headline").innerText(), "None of these");
    await lookTwice(page, "36-none-of-these");
    await button(page, "Another drawing").click();
    await said(page, /another-(\w+)-\d\.png: \w+, /);
    await button(page, "Explain").click();
    await page.getByRole("heading", { name: /^Why / }).waitFor();
    await page.getByRole("list", { name: "Most like it" }).waitFor();
    await lookTwice(page, "15-explained");
  });
});

test("a class stands for none of these: what looks like it is refused", async () => {
  await onPage(async (page) => {
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await page.getByRole("button", { name: /“None of these”$/ }).click();
    await page.getByRole("option", { name: "tree" }).click();
    await page.getByText("16 pictures of tree teach the model what is none of your kinds.").waitFor();
    await button(page, "Train").click();
    await page.locator(".confusion").waitFor();
    await page.getByText("What looks like tree is refused too.").waitFor();
    for (const [name, answer] of [["tree-1.png", "None of these"], ["house-1.png", "house"]]) {
      await choose(page, "Choose a picture", picture(name, await drawing(name)));
      await said(page, `${name}: ${answer}`);
    }
    await choose(page, "Choose a picture", picture("tree-2.png", await drawing("tree-2.png")));
    await page.locator("#try", { hasText: "It looks like tree, which stands for none of these." }).waitFor();
    await lookTwice(page, "37-negative");
  });
});

test("of few samples the page says that nothing is refused, and how many it takes", async () => {
  await onPage(
    async (page) => {
      await button(page, "Paste texts").click();
      await page.getByRole("dialog").getByRole("textbox").fill("a sunny day\twarm\na hot summer\twarm\nsnow and ice\tcold\na frozen lake\tcold\n");
      await button(page, "Go on").click();
      await button(page, "Add 4 texts").click();
      await said(page, "4 texts added");
      await button(page, "Train").click();
      await page.locator(".confusion").waitFor();
      await page.getByRole("checkbox", { name: "Say “none of these” for what is strange" }).check({ force: true });
      await page.getByText(/The model learnt from 4 texts\..* takes 19 or more: until then it refuses nothing\. Add 15 and train again\./).waitFor();
    },
    { path: "/dist/?task=text" },
  );
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
