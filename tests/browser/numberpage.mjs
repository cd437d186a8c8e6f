// Pictures with numbers on the page: from a table, from the names of folders, by hand; on photographs whose number is how bright
// they are, and on scanned digits. Every state looked at by axe.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { shared } from "../../scripts/paths.mjs";
import { hasShared, needsShared, pictures, withPage } from "./chromium.mjs";
import { collected } from "./painted.mjs";
import { button, choose, lookTwice, onPage, press, reach, said, saved } from "./visit.mjs";

const folder = mkdtempSync(join(tmpdir(), "headstart-numbers-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (path, content) => writeFileSync(join(folder, path), content);

/** Mean of the red, green and blue of each, 0 to 255. */
const brightness = (urls) =>
  withPage((page) =>
    page.evaluate(
      (urls) =>
        Promise.all(
          urls.map(async (url) => {
            const bitmap = await createImageBitmap(await (await fetch(url)).blob());
            const context = new OffscreenCanvas(64, 64).getContext("2d");
            context.drawImage(bitmap, 0, 0, 64, 64);
            const { data } = context.getImageData(0, 0, 64, 64);
            return Number((data.reduce((sum, v, i) => (i % 4 === 3 ? sum : sum + v), 0) / (3 * 64 * 64)).toFixed(1));
          }),
        ),
      urls,
    ),
  );

/** A table has a row that it should not have, lacks one, and calls some pictures otherwise than their files. */
async function makeClothes() {
  for (const path of ["clothes", "others", "digits", "photos"]) mkdirSync(join(folder, path), { recursive: true });
  const train = pictures("clothing10", "train", { each: 5 });
  const bright = await brightness(train.map(({ url }) => url));
  const names = train.map((_, i) => (i === 5 ? "Größe-05.JPG" : `look-${String(i).padStart(2, "0")}.jpg`));
  train.forEach(({ label, name }, i) => copyFileSync(join(shared, "data/clothing10/train", label, name), join(folder, "clothes", names[i])));
  const called = names.map((name, i) => (i === 5 ? name.toLowerCase().normalize("NFD") : i === 6 ? "look-06" : i === 7 ? `C:\\photos\\${name}` : name));
  const rows = called.map((name, i) => `${i},${name},${i === 9 ? "bright" : bright[i]}`).filter((_, i) => i !== 8);
  write("clothes/brightness.csv", ["id,file,brightness", ...rows, "50,gone.jpg,120", "51,look-10.jpg,1"].join("\r\n"));
  write("latin.csv", Buffer.concat([Buffer.from("file,brightness\nlook-01.jpg,"), Buffer.from([0xfc]), Buffer.from("\n")]));
  const test = pictures("clothing10", "test", { classes: ["dress", "pants"], each: 2 });
  test.forEach(({ label, name }, i) => copyFileSync(join(shared, "data/clothing10/test", label, name), join(folder, "others", `other-${i}.jpg`)));
  write("others/torn.jpg", "not a picture");
  for (const { label, name } of pictures("digits8x8", "train", { classes: ["1", "4", "7"], each: 4 })) {
    mkdirSync(join(folder, "digits", label), { recursive: true });
    copyFileSync(join(shared, "data/digits8x8/train", label, name), join(folder, "digits", label, name));
    copyFileSync(join(shared, "data/digits8x8/train", label, name), join(folder, "photos", `${label}-${name}`));
  }
  const digits = pictures("digits8x8", "train", { classes: ["1", "4", "7"], each: 4 });
  write("values.csv", digits.map(({ label, name }) => `${label}-${name};${label}`).join("\n"));
  write("kinds.csv", ["picture,kinds", ...digits.map(({ label, name }) => `photos/${label}-${name},${label === "1" ? "thin" : label === "4" ? "thin; open" : "open"}`)].join("\n"));
  return { names, bright };
}

const clothes = hasShared ? await makeClothes() : null;

const numbers = (page) => page.getByRole("article", { name: "With a number" });
const tray = (page) => page.locator("article.tray");
const row = (where, name) => where.getByRole("row", { name: new RegExp(`^${name}`) });
const counts = (page, numbered, waiting) =>
  page.waitForFunction(([a, b]) => parseInt(document.querySelector(".numbered .count")?.textContent) === a && parseInt(document.querySelector(".tray .count")?.textContent) === b, [numbered, waiting]);
const getNumbers = async (page) => {
  await page.getByRole("button", { name: /Each picture gets$/ }).click();
  await page.getByRole("option", { name: "a number" }).click();
};
const badges = (page) => numbers(page).locator(".badge").allInnerTexts().then((all) => all.map(Number));

test("a table gives photographs their numbers: matched, corrected by hand, learnt, judged, predicted", needsShared, async () => {
  await onPage(
    async (page) => {
      await getNumbers(page);
      await said(page, "Pictures get a number each.");
      await lookTwice(page, "55-numbers-empty");
      await choose(page, "Choose a folder", join(folder, "clothes"));
      const dialog = page.getByRole("dialog", { name: "Labels from brightness.csv" });
      await dialog.getByText(/^51 rows, 48 labels for a picture; numbers from \d+(\.\d)? to \d+(\.\d)?\.$/).waitFor();
      for (const name of ["file Files", "brightness Labels", "a number Each label is"]) await dialog.getByRole("button", { name, exact: true }).waitFor();
      await dialog.getByText("3 rows cannot be used").click();
      for (const text of ["row 10: “bright” is no number", "row 51: no picture here is called gone.jpg", "row 52: row 11 names look-10.jpg too, with another label; that one counts"]) await dialog.getByText(text).waitFor();
      await dialog.getByText("2 pictures have no label in it, and wait for one").click();
      for (const i of ["08", "09"]) await dialog.getByText(`clothes/look-${i}.jpg`).waitFor();
      await lookTwice(page, "56-numbers-table");
      await button(page, "Add 50 pictures").click();
      await said(page, "50 pictures added");
      await counts(page, 48, 2);
      await button(page, "3 lines or files were left out").click();
      await page.getByText("brightness.csv, row 51").waitFor();
      await page.getByRole("button", { name: "Clear" }).click();
      const seen = await badges(page);
      assert.ok(seen.length > 5 && seen.every((n, i) => i === 0 || n >= seen[i - 1]), seen.join());
      // What the table called otherwise has its own number.
      for (const i of [5, 6, 7]) assert.match((await sample(page, clothes.names[i]))?.label ?? "", new RegExp(`^${clothes.bright[i]}$`));

      // Those that wait, by hand, one after the other.
      await row(tray(page), "look-08").click();
      const field = (where, n = 1) => where.getByRole("textbox", { name: `Number for ${n} picture${n > 1 ? "s" : ""}` });
      await tray(page).getByRole("img", { name: "The picture that is picked" }).waitFor();
      await field(tray(page)).fill("abc");
      await page.keyboard.press("Enter");
      await tray(page).getByText("“abc” is no number").waitFor();
      await lookTwice(page, "57-numbers-by-hand");
      for (const i of [8, 9]) {
        await field(tray(page)).fill(String(clothes.bright[i]));
        await page.keyboard.press("Enter");
        await said(page, `1 picture is now ${clothes.bright[i]}.`);
        await counts(page, 41 + i, 9 - i);
      }
      assert.equal(await page.evaluate(() => document.activeElement === document.body), false, "the focus is somewhere after the last has gone");
      // Changed later, several at once, and taken back.
      const largest = numbers(page).getByRole("row");
      await button(page, "Largest first").click();
      await largest.nth(0).click();
      await largest.nth(1).click();
      await field(numbers(page), 2).fill("-3.5");
      await button(page, "Give it").click();
      await said(page, "2 pictures are now -3.5.");
      await button(page, "Smallest first").click();
      assert.deepEqual((await badges(page)).slice(0, 2), [-3.5, -3.5]);
      await lookTwice(page, "58-numbers-picked");
      await button(page, "Undo").click();
      await said(page, "Taken back");
      assert.ok((await badges(page))[0] > 0);
      await button(page, "Pick none").click();

      await page.getByText("50 pictures with a number are ready.").waitFor();
      await button(page, "Train").click();
      await page.locator("#report", { hasText: "is how far off it is in the mean" }).waitFor();
      await page.locator("#report .plot svg").waitFor();
      await page.locator("#report .bill").waitFor();
      await choose(page, "Choose a picture", join(folder, "others/other-0.jpg"));
      await said(page, /^other-0\.jpg: \d+(\.\d+)?, -?\d+(\.\d+)? to \d+(\.\d+)?\.$/);
      await page.locator("#try").getByText(/^Between -?\d.* and \d.*: such a range held the truth of 95 % of held-out samples\.$/).waitFor();
      await button(page, "Explain").click();
      await page.locator("#try").getByText("made the number larger").first().waitFor();
      await lookTwice(page, "59-numbers-trained");
      await button(page, "Look at those it was farthest off").click();
      await page.getByRole("grid", { name: "Farthest off" }).getByRole("row").first().click();
      await field(page.getByRole("dialog")).waitFor();
      await lookTwice(page, "60-numbers-farthest");
      // The first takes back what is picked, as in any list.
      await press(page, "Escape", "Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });

      await choose(page, "Predict a folder", join(folder, "others"));
      await said(page, "4 pictures predicted, 1 could not be read");
      const csv = (await saved(page, () => button(page, "Download CSV").click())).toString().split("\r\n");
      assert.equal(csv[0], "file,label,confidence,low,high,novelty,error");
      const values = csv.filter((line) => line.includes("other-")).map((line) => line.split(",").slice(1, 5).map(Number));
      assert.equal(values.length, 4);
      for (const [label, confidence, low, high] of values) assert.ok(low < label && label < high && Math.abs(confidence - 0.95) < 0.01, `${label}, ${low} to ${high}`);

      // A number that is quite wrong is found, and put right with one press.
      const smallest = numbers(page).getByRole("row").first();
      const name = (await smallest.getAttribute("aria-label")).split(",")[0];
      await smallest.click();
      await field(numbers(page)).fill("999");
      await page.keyboard.press("Enter");
      await said(page, "1 picture is now 999.");
      await button(page, "Pick none").click();
      await button(page, "Check the samples").click();
      const wrong = page.getByRole("list", { name: "Likely wrong labels" }).getByRole("listitem").filter({ has: page.getByRole("img", { name, exact: true }) });
      await wrong.waitFor();
      await button(page, "Draw the map").click();
      await page.getByRole("listbox", { name: "Map of 50 pictures in 5 ranges of numbers" }).waitFor();
      await lookTwice(page, "61-numbers-doctor");
      await wrong.getByRole("button", { name: /^Make it \d/ }).click();
      await said(page, /^1 picture is now \d+(\.\d+)?\.$/);
      await wrong.waitFor({ state: "detached" });
      await button(page, "Undo").click();
      await wrong.waitFor();
    },
    { viewport: { width: 1280, height: 1400 } },
  );
});

/** As the page lists it. */
const sample = (page, name) =>
  page.evaluate(async (name) => {
    const grid = document.querySelector(".numbered .pictures");
    // Only those in view are in the document.
    for (let top = 0; top < grid.scrollHeight; top += 60) {
      grid.scrollTop = top;
      await new Promise((resolve) => setTimeout(resolve, 60));
      const row = [...grid.querySelectorAll("[role=row]")].find((row) => row.getAttribute("aria-label")?.startsWith(name));
      if (row) {
        grid.scrollTop = 0;
        return { label: row.getAttribute("aria-label").split(", ").at(-1) };
      }
    }
    return null;
  }, name);

test("classes whose names are numbers become numbers, and back; a table comes after its pictures", needsShared, async () => {
  await onPage(async (page) => {
    await choose(page, "Choose a folder", join(folder, "digits"));
    await said(page, "12 pictures added");
    const classes = () => collected(page, "1 4 pictures", "4 4 pictures", "7 4 pictures");
    await classes();
    await getNumbers(page);
    await said(page, "12 pictures got theirs from the name of the class.");
    await counts(page, 12, 0);
    await button(page, "Undo").click();
    await classes();
    await button(page, "Redo").click();
    await counts(page, 12, 0);
    await page.getByRole("button", { name: /Each picture gets$/ }).click();
    await page.getByRole("option", { name: "a class, or several" }).click();
    await said(page, "12 pictures got theirs from the number.");
    await classes();
    for (let i = 0; i < 3; i++) await button(page, "Undo").click();
    await page.getByText("No pictures yet.").waitFor();

    // A class that is no number: its pictures wait, until the table says.
    await choose(page, "Choose a folder", join(folder, "photos"));
    await collected(page, "photos 12 pictures");
    await choose(page, "Choose files", join(folder, "values.csv"));
    const dialog = page.getByRole("dialog", { name: "Labels from values.csv" });
    // 1, 4 and 7 could be classes as well.
    await dialog.getByText("12 rows, 12 labels for a picture; 3 classes: 1, 4, 7.").waitFor();
    await dialog.getByRole("button", { name: /Each label is$/ }).click();
    await page.getByRole("option", { name: "a number" }).click();
    await dialog.getByText("12 rows, 12 labels for a picture; numbers from 1 to 7.").waitFor();
    await dialog.getByText(/classes do not mix with numbers/).waitFor();
    await lookTwice(page, "62-numbers-later");
    await button(page, "Label 12 pictures").click();
    await said(page, "12 pictures labelled.");
    await counts(page, 12, 0);
    // The same pictures once more, with a table that says otherwise: they are here already, and labelled anew.
    await choose(page, "Choose files", [join(folder, "kinds.csv"), ...digitFiles()]);
    await page.getByRole("dialog").getByText("12 rows, 12 labels for a picture; 2 classes: thin, open.").waitFor();
    await button(page, "Add 12 pictures").click();
    await said(page, /0 pictures added.*12 were here already.*12 of them got another label/);
    await collected(page, "thin 8 pictures", "open 8 pictures");
    await button(page, "Undo").click();
    await counts(page, 12, 0);
    await button(page, "Undo").click();
    await collected(page, "photos 12 pictures");
    // A table that cannot be read keeps no picture from coming in.
    await button(page, "Undo").click();
    await choose(page, "Choose files", [join(folder, "latin.csv"), ...digitFiles()]);
    await page.getByRole("alert").filter({ hasText: "this file is not UTF-8" }).waitFor();
    await button(page, "Add 12 pictures without it").click();
    await page.getByRole("dialog", { name: "Which class are these 12 pictures?" }).waitFor();
  });
});

const digitFiles = () => pictures("digits8x8", "train", { classes: ["1", "4", "7"], each: 4 }).map(({ label, name }) => join(folder, "photos", `${label}-${name}`));

test("numbers by keyboard alone: chosen, given, changed, taken back, learnt", needsShared, async () => {
  await onPage(async (page) => {
    await reach(page, /^a class, or several Each picture gets$/);
    await press(page, "Enter");
    await page.getByRole("option", { name: "a number" }).waitFor();
    await press(page, "ArrowDown", "Enter");
    await said(page, "Pictures get a number each.");
    await reach(page, "Choose a folder");
    const chosen = new Promise((resolve) => page.once("filechooser", resolve));
    await page.waitForTimeout(100);
    await press(page, "Enter");
    await (await chosen).setFiles(join(folder, "photos"));
    await said(page, "12 pictures added");
    await counts(page, 0, 12);
    await reach(page, /^\d-\d+\.png$/, "row");
    await press(page, "Space");
    await reach(page, "Number for 1 picture", "input");
    for (const [i, number] of ["1", "1", "1.5", "1", "4", "4.5", "4", "4", "7"].entries()) {
      await page.keyboard.type(number);
      await press(page, "Enter");
      await counts(page, i + 1, 11 - i);
    }
    await reach(page, /, 1$/, "row");
    await press(page, "Space");
    await reach(page, "Number for 1 picture", "input");
    await page.keyboard.type("2");
    await press(page, "Enter");
    await said(page, "1 picture is now 2.");
    await reach(page, "Pick none");
    await press(page, "Enter");
    await press(page, "Control+z");
    await said(page, "Taken back");
    await reach(page, "Train");
    await press(page, "Enter");
    await said(page, "Trained.");
    await reach(page, "Check the samples");
    await press(page, "Enter");
    await page.getByRole("heading", { name: "Worth a label next" }).waitFor();
    await reach(page, "Number for 1 picture", "input");
    await page.keyboard.type("7");
    await press(page, "Enter");
    await counts(page, 10, 2);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "INPUT", "the next one's field has the focus");
  }, { viewport: { width: 1280, height: 1000 } });
});
