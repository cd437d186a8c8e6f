// The apps under www/examples, as a person uses them, on the site as it is built: below a path, on real data.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { shared, site } from "../../scripts/paths.mjs";
import { brokenLinks } from "../../scripts/site/links.mjs";
import { needsShared, withPage } from "./chromium.mjs";
import { look, output, saved } from "./visit.mjs";

const model = join(output, "example-sorter.safetensors");
/** What the sorter made of the pictures: names by kind. */
let sorted;
const photographs = (part, label, from, to) => {
  const folder = join(shared, "data/clothing10", part, label);
  return readdirSync(folder).sort().slice(from, to).map((name) => join(folder, name));
};
/** `count` sentences of each intent, one intent after another. */
const sentences = (file, intents, count) => {
  const lines = readFileSync(join(shared, "data/clinc75_a", file), "utf8").trim().split(/\r?\n/).slice(1);
  return intents.flatMap((intent) => lines.filter((line) => line.endsWith(`,${intent}`)).slice(0, count));
};

/** Wide and narrow, light and dark. */
async function lookAll(page, name) {
  for (const width of [1280, 390]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await look(page, `example-${name}-${width}-${colorScheme}`);
    }
  }
}

const onExample = (name, work) =>
  withPage(
    async (page) => {
      await work(page);
      assert.deepEqual(page.complaints, []);
    },
    { path: `/site/examples/${name}`, acceptDownloads: true },
  );

test("the site: every link leads somewhere", () => assert.deepEqual(brokenLinks(site), []));

test("the site: its page and its documentation pass axe, wide and narrow, light and dark", async () => {
  for (const [name, path] of [["list", "examples/"], ["docs", "docs/"], ["guide", "docs/guides/embed.html"], ["tables", "docs/exports.html"]]) {
    await withPage(async (page) => {
      await lookAll(page, `site-${name}`);
      assert.deepEqual(page.complaints, []);
    }, { path: `/site/${path}` });
  }
  await withPage(async (page) => {
    await page.getByRole("contentinfo").getByRole("link", { name: "Examples" }).click();
    await page.getByRole("link", { name: "Picture sorter" }).click();
    await page.getByRole("button", { name: "Train" }).waitFor();
  }, { path: "/site/" });
});

test("example: the picture sorter sorts photographs, puts aside what is neither, and saves its model", needsShared, async () => {
  await onExample("sorter/", async (page) => {
    await lookAll(page, "sorter-1-empty");
    const one = page.getByRole("group", { name: "One kind" });
    const other = page.getByRole("group", { name: "The other kind" });
    const broken = join(output, "broken.jpg");
    writeFileSync(broken, "no picture");
    await one.getByLabel("Name").fill("hat");
    await one.getByLabel("Pictures").setInputFiles([...photographs("train", "hat", 0, 12), broken]);
    await other.getByLabel("Name").fill("hat");
    await other.getByLabel("Pictures").setInputFiles(photographs("train", "shoes", 0, 12));
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByRole("status").filter({ hasText: "Give them two names" }).waitFor();
    await other.getByLabel("Name").fill("shoes");
    await other.getByLabel("Name").press("Enter");
    await page.getByRole("status").filter({ hasText: /^Learnt from 24 pictures\. Of pictures like these it gets \d+ % to \d+ % right\. Left out: broken\.jpg/ }).waitFor();
    const ask = page.getByLabel("Pictures to sort");
    await ask.setInputFiles([...photographs("test", "hat", 0, 6), ...photographs("test", "shoes", 0, 6), ...photographs("test", "skirt", 0, 6)]);
    await page.waitForFunction(() => document.querySelectorAll("#kinds li").length === 18 && !document.querySelector("#ask").disabled);
    sorted = await page.evaluate(() => {
      const names = (list) => [...list.querySelectorAll("img")].map(({ alt }) => alt);
      return Object.fromEntries([...document.querySelectorAll("#kinds ul")].map((list) => [list.dataset.kind, names(list)]));
    });
    const hits = (kind, label) => photographs("test", label, 0, 6).filter((path) => sorted[kind].includes(basename(path))).length;
    const told = hits("hat", "hat") + hits("shoes", "shoes");
    const mixed = hits("hat", "shoes") + hits("shoes", "hat");
    assert.ok(told >= 8 && mixed <= 2, `of 12: ${told} right, ${mixed} in the other kind`);
    assert.ok(hits("neither", "skirt") >= 5, `${hits("neither", "skirt")} of 6 skirts put aside`);
    await lookAll(page, "sorter-2-sorted");
    writeFileSync(model, await saved(page, () => page.getByRole("button", { name: "Save the model" }).click()));
  });
});

test("example: the saved model opens on another page, proves itself and answers", needsShared, async () => {
  assert.ok(existsSync(model), "the sorter's test saves it");
  await onExample("predict/", async (page) => {
    await page.getByLabel("A model").setInputFiles(join(output, "broken.jpg"));
    await page.locator("#status.wrong").waitFor();
    await page.getByLabel("A model").setInputFiles(model);
    await page.getByRole("status").filter({ hasText: "Checked on 16 inputs that came with it: the same scores" }).waitFor();
    const asked = ["hat", "shoes", "skirt"].flatMap((label) => photographs("test", label, 0, 6));
    await page.getByLabel("Pictures", { exact: true }).setInputFiles(asked);
    await page.locator("#answers li").nth(asked.length - 1).waitFor();
    // Newest first.
    const told = (await page.locator("#answers strong").allInnerTexts()).reverse();
    const bySorter = asked.map((path) => Object.keys(sorted).find((kind) => sorted[kind].includes(basename(path))));
    assert.deepEqual(told.map((label) => label.replace("none of these", "neither")), bySorter);
    await lookAll(page, "predict");
  });
});

test("example: message triage learns queues from a table, says what a threshold costs, and leaves strange messages to a person", needsShared, async () => {
  const queues = ["timer", "recipe", "traffic", "credit_limit"];
  await onExample("triage/", async (page) => {
    await lookAll(page, "triage-1-empty");
    await page.getByLabel("Or paste one").fill(["text,label", ...sentences("train.csv", queues, 40)].join("\n"));
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByRole("status").filter({ hasText: "Learnt from 128 messages in 4 queues." }).waitFor();
    const coverage = async () => (await page.locator("#coverage").innerText()).match(/^Of 32 messages that it had not seen, it would have sorted (\d+) alone \(\d+ %\), (\d+) of these/).slice(1).map(Number);
    const [taken, right] = await coverage();
    assert.ok(taken >= 16 && right / taken >= 0.9, `${right} of ${taken}`);
    await page.getByLabel("Sort alone from").press("Home");
    const [all] = await coverage();
    assert.ok(all >= taken, `${all} without a threshold, ${taken} with it`);
    await page.getByLabel("Sort alone from").fill("0.8");
    const lines = [...sentences("test.csv", queues, 2), ...sentences("oos_test.csv", ["oos"], 4)];
    const messages = lines.map((line) => line.replace(/,\w+$/, "").replaceAll('"', ""));
    await page.getByLabel("One a line").fill(messages.join("\n"));
    await page.getByRole("button", { name: "Sort them" }).click();
    await page.locator("#queues li").nth(messages.length - 1).waitFor();
    const said = await page.evaluate(() =>
      Object.fromEntries([...document.querySelectorAll("#queues ul")].flatMap((list) => [...list.children].map((item) => [item.firstChild.data, list.ariaLabel]))),
    );
    const asPeopleDo = lines.map((line) => line.match(/\w+$/)[0].replace("oos", "For a person")).filter((queue, i) => said[messages[i]] === queue);
    assert.ok(asPeopleDo.length >= 10 && asPeopleDo.filter((queue) => queue === "For a person").length >= 3, JSON.stringify(said));
    await lookAll(page, "triage-2-sorted");
  });
});
