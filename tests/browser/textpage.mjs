// The page for texts, as a person uses it. Screenshots of every state go to tests/output/; axe looks at every state too.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertStill, button, choose, extremes, look, lookTwice, onPage, said, saved, watchShifts } from "./visit.mjs";

const folder = mkdtempSync(join(tmpdir(), "headstart-texts-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "mails.csv"), 'id,message,team\n1,"Where is my parcel,\nplease?",post\n2,The box is late,post\n3,,post\n4,My chain broke,shop\n5,The brake squeals,shop\n');
writeFileSync(join(folder, "rated.csv"), `text,score\nnot bad,n/a\n${Array.from({ length: 10 }, (_, i) => `so good ${i},${i % 3}.5`).join("\n")}\n`);
mkdirSync(join(folder, "kinds/sweet"), { recursive: true });
mkdirSync(join(folder, "kinds/sour"));
writeFileSync(join(folder, "kinds/sweet/a.txt"), "honey and sugar");
writeFileSync(join(folder, "kinds/sour/b.txt"), "lemon juice");
writeFileSync(join(folder, "kinds/sour/latin.txt"), Buffer.from([0x67, 0x72, 0xfc, 0x6e]));
writeFileSync(join(folder, "kinds/sour/blank.txt"), " \n");

const texts = { path: "/dist/?task=text" };
const table = (page) => page.getByRole("grid", { name: "Texts and their labels" });
/** Texts and labels of the rows in view. */
const rows = (page) => table(page).getByRole("row").evaluateAll((all) => all.slice(1).map((row) => [...row.querySelectorAll('[role="rowheader"], [role="gridcell"]')].map((cell) => cell.textContent).filter((text) => text !== "").join(" | ")));

for (const [name, options] of extremes) {
  test(`texts, the first minute at ${name}: sample sentences, train, try, report, texts behind a cell`, async () => {
    await onPage(
      async (page) => {
        await look(page, `text-${name}-1-empty`);
        await button(page, "Use our sample sentences").click();
        await said(page, "36 texts added");
        // From here on: the table that was asked for takes the empty place's room half a second after the press, which a browser counts.
        await watchShifts(page);
        await look(page, `text-${name}-2-collected`);
        await button(page, "Train").click();
        await page.locator(".confusion").waitFor();
        await button(page, "Another sentence").click();
        await said(page, "This text: delivery");
        await page.locator(".nearest li").first().waitFor();
        await page.locator("#train .plot svg").waitFor();
        await look(page, `text-${name}-3-trained`);
        await page.locator(".confusion .hit button").first().click();
        await page.getByRole("dialog").getByRole("row").first().waitFor();
        await look(page, `text-${name}-4-cell`);
        await assertStill(page);
      },
      { ...texts, ...options },
    );
  });

  test(`texts at ${name}: a table is looked at before it is imported`, async () => {
    await onPage(
      async (page) => {
        await choose(page, "Choose a table", join(folder, "mails.csv"));
        const dialog = page.getByRole("dialog", { name: "Import mails.csv" });
        await dialog.getByText("4 texts; 2 labels: post 2, shop 2; 1 line cannot be read").waitFor();
        await look(page, `text-${name}-5-import`);
        await button(page, "Add 4 texts").click();
        await said(page, "4 texts added");
        assert.deepEqual(await rows(page), ["Where is my parcel,\nplease? | post", "The box is late | post", "My chain broke | shop", "The brake squeals | shop"]);
        await button(page, "1 line or file was left out").click();
        await page.getByText("mails.csv, line 5").waitFor();
        await look(page, `text-${name}-6-imported`);
      },
      { ...texts, ...options },
    );
  });
}

test("a wrong guess is put right in the preview, and a label is given to all", async () => {
  await onPage(async (page) => {
    await choose(page, "Choose a table", join(folder, "mails.csv"));
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /Labels$/ }).click();
    await page.getByRole("option", { name: "id" }).click();
    await dialog.getByText("4 labels: 1 1, 2 1").waitFor();
    await dialog.getByRole("button", { name: /Labels$/ }).click();
    await page.getByRole("option", { name: "none" }).click();
    await dialog.getByLabel("Label for all, if they have one").fill("mail");
    await dialog.getByText("The first row names the columns").click();
    await dialog.getByRole("button", { name: "column 2 Texts" }).waitFor();
    await button(page, "Cancel").click();
    await button(page, "Paste texts").click();
    await page.getByRole("textbox", { name: /^One text a line/ }).fill("red apples\ngreen pears\n");
    await button(page, "Go on").click();
    await dialog.getByLabel("Label for all, if they have one").fill("fruit");
    await button(page, "Add 2 texts").click();
    await said(page, "2 texts added");
    assert.deepEqual(await rows(page), ["red apples | fruit", "green pears | fruit"]);
  }, texts);
});

test("texts are written, picked, labelled, searched, removed and brought back; folders give labels", async () => {
  await onPage(async (page) => {
    await choose(page, "Choose a folder", join(folder, "kinds"));
    await said(page, "2 texts added");
    await button(page, "2 lines or files were left out").click();
    for (const [name, code] of [["kinds/sour/blank.txt", "empty"], ["kinds/sour/latin.txt", "unsupported-encoding"]]) await page.getByRole("listitem").filter({ hasText: name }).getByText(code, { exact: true }).waitFor();
    await page.getByLabel("Write a text").fill("vinegar");
    await page.keyboard.press("Enter");
    await said(page, "1 text added");
    assert.deepEqual((await rows(page)).sort(), ["honey and sugar | sweet", "lemon juice | sour", "vinegar | none"]);
    await table(page).getByText("vinegar").click();
    await button(page, "Label 1 as …").click();
    await page.getByRole("menuitem", { name: "sour" }).click();
    await said(page, "1 text moved to sour");
    await page.getByRole("searchbox", { name: "With these words" }).fill("LEMON");
    await page.waitForFunction(() => document.querySelectorAll(".text-row").length === 1);
    await table(page).getByText("lemon juice").click();
    await button(page, "New label").click();
    await page.getByRole("textbox", { name: "Label", exact: true }).last().fill("fruit");
    await button(page, "Label them").click();
    await said(page, "1 text moved to fruit");
    await page.getByRole("searchbox", { name: "With these words" }).fill("");
    await table(page).getByText("honey and sugar").click();
    await button(page, "Remove 1").click();
    await said(page, "1 text removed");
    await button(page, "Undo").click();
    await page.waitForFunction(() => document.querySelectorAll(".text-row").length === 3);
    assert.deepEqual((await rows(page)).sort(), ["honey and sugar | sweet", "lemon juice | fruit", "vinegar | sour"]);
    await page.getByRole("button", { name: /Show$/ }).click();
    await page.getByRole("option", { name: "sour: 1" }).click();
    await page.getByRole("textbox", { name: "Name of class sour" }).fill("acid");
    await page.keyboard.press("Enter");
    await said(page, "sour is now acid");
  }, texts);
});

test("text pasted anywhere is imported, and a table is predicted and saved", async () => {
  await onPage(async (page) => {
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", "a sunny day\twarm\na hot summer\twarm\nsnow and ice\tcold\na frozen lake\tcold\n");
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await button(page, "Add 4 texts").click();
    await said(page, "4 texts added");
    await button(page, "Train").click();
    await page.locator(".confusion").waitFor();
    await choose(page, "Predict a table", join(folder, "mails.csv"));
    await button(page, "Predict 4 texts").click();
    await said(page, "4 texts predicted");
    await button(page, "1 line or file was left out").click();
    await page.getByText("mails.csv, line 5").waitFor();
    const download = page.waitForEvent("download");
    await button(page, "Download CSV").click();
    const csv = readFileSync(await (await download).path(), "utf8").split("\r\n");
    assert.equal(csv[0], "text,label,confidence,novelty,error,score: cold,score: warm");
    assert.match(csv.slice(1).join("\n"), /^"Where is my parcel,\nplease\?",(warm|cold),0\.\d+/);
  }, texts);
});

/** Texts in which the number of "very" is the number, so that there is something to learn. */
const rated = Array.from({ length: 40 }, (_, i) => `This bicycle is ${"very ".repeat(i % 5)}good and fast, number ${i}.\t${(1 + (i % 5) * 1.5).toFixed(1)}`).join("\n");

test("a table of numbers: imported as such, trained, reported, predicted", async () => {
  await onPage(async (page) => {
    await button(page, "Paste texts").click();
    await page.getByRole("dialog").getByRole("textbox").fill(`text\tscore\n${rated}\nnot rated\tmany`);
    await button(page, "Go on").click();
    const dialog = page.getByRole("dialog");
    // What was guessed can be put right, and back.
    for (const [reading, summary] of [["a class", "41 texts; 6 labels"], ["a number", "40 texts; numbers from 1 to 7"]]) {
      await dialog.getByRole("button", { name: /Each label is$/ }).click();
      await page.getByRole("option", { name: reading }).click();
      await dialog.getByText(summary).waitFor();
    }
    await dialog.getByText("40 texts; numbers from 1 to 7; 1 line cannot be read").waitFor();
    await lookTwice(page, "text-39-numbers-import");
    await button(page, "Add 40 texts").click();
    await said(page, "40 texts added");
    await page.getByText("40 texts with numbers.").waitFor();
    await button(page, "1 line or file was left out").click();
    await page.getByText("“many” is no number").waitFor();
    await table(page).getByText("number 3.").click();
    await button(page, "Another number").click();
    await page.getByRole("textbox", { name: "Number", exact: true }).last().fill("6.5");
    await button(page, "Label them").click();
    await said(page, "1 text is now 6.5");
    await button(page, "Undo").click();
    await said(page, "Taken back");
    assert.match((await rows(page))[3], /\| 5\.5$/);
    await button(page, "Train").click();
    await page.locator("#report", { hasText: "is how far off it is in the mean" }).waitFor();
    await page.locator("#report .plot svg").waitFor();
    await page.locator("#report .bill").waitFor();
    await page.getByRole("textbox", { name: "A text that was not used for training" }).fill("This bicycle is very very very very good.");
    await said(page, /^This text: \d/);
    assert.ok(Number((await page.locator("#try .headline").innerText()).trim()) > 3);
    await button(page, "Check the samples").click();
    await page.getByRole("heading", { name: "Likely wrong labels" }).waitFor();
    await lookTwice(page, "text-40-numbers");
    // What its labels are is nothing to a prediction: one that is no number keeps its text.
    await choose(page, "Predict a table", join(folder, "rated.csv"));
    await button(page, "Predict 11 texts").click();
    await said(page, "11 texts predicted");
    const csv = (await saved(page, () => button(page, "Download CSV").click())).toString().split("\r\n");
    assert.match(csv[0], /^text,label,confidence,(low,high,)?novelty,error$/);
    assert.match(csv.find((line) => line.startsWith("so good 7")), /^so good 7,-?\d+\.?\d*,0\.9[45]/);
  }, texts);
});

test("texts with several labels: imported, labelled by hand, taken off, trained", async () => {
  await onPage(async (page) => {
    const [fast, cheap] = ["It arrived quickly, in a day", "The price was low and fair"];
    const lines = Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? `${fast}, order ${i}\tfast` : i % 3 === 1 ? `${cheap}, order ${i}\tcheap` : `${fast}. ${cheap}, order ${i}\tfast; cheap`));
    await button(page, "Paste texts").click();
    await page.getByRole("dialog").getByRole("textbox").fill(`text\tlabels\n${lines.join("\n")}`);
    await button(page, "Go on").click();
    await page.getByRole("dialog").getByText("24 texts; 2 labels: fast 16, cheap 16.").waitFor();
    await button(page, "Add 24 texts").click();
    await said(page, "24 texts added");
    await page.getByText("24 texts with 2 labels.").waitFor();
    assert.match((await rows(page))[2], /order \d+ \| (cheap, )?fast$/);
    // One more by hand, and off again.
    await table(page).getByText("in a day, order 0").click();
    await button(page, "Also label as …").click();
    await page.getByRole("menuitem", { name: "cheap" }).click();
    await said(page, "1 text also labelled cheap");
    assert.match((await rows(page)).find((row) => row.includes("in a day, order 0 ")), /\| cheap, fast$/);
    await page.getByRole("button", { name: /Show$/ }).click();
    await page.getByRole("option", { name: "cheap: 17" }).click();
    await table(page).getByText("in a day, order 0").click();
    await lookTwice(page, "text-41-several");
    await button(page, "Not cheap").click();
    await said(page, "cheap was taken off 1 text");
    for (const count of [17, 16]) {
      await button(page, "Undo").click();
      await page.getByRole("button", { name: `cheap: ${count} Show` }).waitFor();
    }
    await button(page, "Train").click();
    await page.locator("#report", { hasText: "had every label right" }).waitFor();
    await page.locator("#report .bill").waitFor();
    for (const name of ["Micro F1", "Mean average precision"]) await page.locator("#report").getByRole("rowheader", { name: new RegExp(`^${name} `) }).waitFor();
    await page.getByRole("textbox", { name: "A text that was not used for training" }).fill(`${fast}. ${cheap}.`);
    await said(page, /^This text: (fast, cheap|cheap, fast), /);
    await button(page, "Check the samples").click();
    await page.getByRole("heading", { name: "Likely wrong labels" }).waitFor();
    await button(page, "Draw the map").click();
    await page.getByRole("listbox", { name: /^Map of 24 texts/ }).waitFor();
    await lookTwice(page, "text-42-several-trained");
  }, texts);
});

test("a link leads from pictures to texts and back", async () => {
  await onPage(async (page) => {
    await page.getByRole("link", { name: "Texts", exact: true }).click();
    await page.getByText("Drop a table of texts").waitFor();
    await said(page, "Ready");
    assert.equal(await page.getByRole("link", { name: "Texts", exact: true }).getAttribute("aria-current"), "page");
    await page.getByRole("link", { name: "Pictures", exact: true }).click();
    await page.getByText("Drop folders, pictures or a zip").waitFor();
    await said(page, "Ready");
  });
});

test("texts by keyboard alone: sample sentences, train, try, pick, remove, undo", async () => {
  await onPage(async (page) => {
    const reach = async (matches) => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(matches)) return;
      }
      assert.fail(`nothing on the way is like ${matches}`);
    };
    await reach(`document.activeElement.innerText === "Use our sample sentences"`);
    await page.keyboard.press("Enter");
    await said(page, "36 texts added");
    await reach(`document.activeElement.classList.contains("text-row")`);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await page.locator(".whole", { hasText: "The tracking page has said" }).waitFor();
    await reach(`document.activeElement.innerText === "Remove 1"`);
    await page.keyboard.press("Enter");
    await said(page, "1 text removed");
    await page.keyboard.press("Control+z");
    await said(page, "Taken back");
    await reach(`document.activeElement.innerText === "Train"`);
    await page.keyboard.press("Enter");
    await page.locator(".confusion").waitFor();
    await reach(`document.activeElement.tagName === "TEXTAREA"`);
    await page.keyboard.type("when will the courier bring it");
    await said(page, "This text: delivery");
  }, texts);
});
