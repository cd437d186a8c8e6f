// Projects on the page: a reload loses nothing, several of them, files, and a storage that is full.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { classes, collected, folder, grid } from "./painted.mjs";
import { newContext } from "./chromium.mjs";
import { pageIn } from "./profile.mjs";
import { button, choose, extremes, look, lookTwice, onPage, said, saved } from "./visit.mjs";

/** Before the worker's own script: a storage that has no room for the records that a test names. */
const FULL = `{
  let full = false;
  new BroadcastChannel("full").onmessage = ({ data }) => (full = data);
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === full) throw new DOMException("no room", "QuotaExceededError");
    return put.apply(this, given);
  };
}`;

const projects = (page) => page.getByRole("button", { name: /^Projects: / });
const dialog = (page, name = "Projects") => page.getByRole("dialog", { name });
const row = (page, name) => dialog(page).getByRole("listitem").filter({ hasText: name });

/** Pages of one person, ready. */
async function visits(work, options) {
  const context = await newContext(options);
  try {
    await work(async () => {
      const page = await pageIn(context, { path: "/dist/" });
      await said(page, "Ready");
      return page;
    }, context);
  } finally {
    await context.close();
  }
}

test("after a reload the page is as it was: classes, pictures, the model; what is new is saved as it comes", async () => {
  await onPage(async (page) => {
    await choose(page, "Choose a folder", join(folder, "pictures"));
    await said(page, "16 pictures added");
    await button(page, "Train").click();
    await page.locator("#report .headline, #report .figures").first().waitFor();
    await choose(page, "Choose a picture", join(folder, "others/=other-1.png"));
    const says = await page.locator("#try .headline").innerText();
    page.on("dialog", (asked) => assert.fail(`the page asks: ${asked.message()}`));
    await page.reload();
    await said(page, "Ready. “My pictures” is as you left it, with 16 pictures.");
    await collected(page, "cold 8 pictures", "warm 8 pictures");
    await grid(page, "warm").locator("img").first().waitFor();
    assert.equal(await page.locator("#train .warn").count(), 0, "the model is of these samples");
    await choose(page, "Choose a picture", join(folder, "others/=other-1.png"));
    await page.locator("#try .headline").waitFor();
    assert.equal(await page.locator("#try .headline").innerText(), says);
    await button(page, "Check it now").click();
    await page.locator("#report .headline, #report .figures").first().waitFor();
    await page.getByRole("article", { name: "warm" }).scrollIntoViewIfNeeded();
    await grid(page, "warm").getByRole("row").first().click();
    await button(page, "Remove 1").click();
    await said(page, "1 picture removed");
    await page.reload();
    await said(page, "15 pictures");
    await page.locator("#train", { hasText: "have changed since" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Undo" }).isDisabled(), true);
  });
});

test("texts come back too, and each task has its own project", async () => {
  await onPage(
    async (page) => {
      await button(page, "Use our sample sentences").click();
      await said(page, "36 texts added");
      await page.reload();
      await said(page, "Ready. “My texts” is as you left it, with 36 texts.");
      await page.getByRole("grid", { name: "Texts and their labels" }).getByText("The tracking page").waitFor();
      await page.getByRole("link", { name: "Pictures", exact: true }).click();
      await said(page, "Ready. Everything from here on");
      assert.match(await projects(page).innerText(), /My pictures/);
    },
    { path: "/dist/?task=text" },
  );
});

for (const [view, options] of extremes) {
  test(`projects: new, renamed, opened, deleted; as a file; ${view}`, async () => {
    await onPage(async (page) => {
      await button(page, "Use our sample drawings").click();
      await said(page, "48 pictures added");
      await projects(page).click();
      await row(page, "My pictures").filter({ hasText: "48 pictures in 3 classes" }).waitFor();
      await dialog(page).getByRole("meter", { name: "Storage used" }).waitFor();
      await look(page, `${view}-50-projects`);
      await button(page, "Rename My pictures").click();
      await dialog(page, "Rename “My pictures”").getByLabel("Name").fill("Drawings");
      await button(page, "Rename it").click();
      await row(page, "Drawings").waitFor();
      assert.match(await projects(page).innerText(), /Drawings/);
      const file = await saved(page, () => dialog(page).getByRole("button", { name: "Save as a file" }).click());
      assert.equal(file.subarray(9, 23).toString().includes("__metadata__"), true);
      writeFileSync(join(folder, `${view}.headstart`), file);
      await button(page, "New project").click();
      await dialog(page, "New project").getByLabel("Name").fill("Drawings");
      await button(page, "Begin it").click();
      await dialog(page).getByRole("alert").filter({ hasText: "already" }).waitFor();
      await button(page, "New project").click();
      await dialog(page, "New project").getByLabel("Name").fill("Second");
      await button(page, "Begin it").click();
      await page.waitForEvent("load");
      await said(page, "Ready. Everything from here on");
      assert.match(await projects(page).innerText(), /Second/);
      assert.deepEqual(await classes(page), []);
      await projects(page).click();
      const opened = page.waitForEvent("load");
      const workers = [];
      page.on("worker", (worker) => workers.push(worker.url()));
      await choose(dialog(page), "Open a file", join(folder, `${view}.headstart`));
      await opened;
      assert.ok(workers.length > 0 && workers.every((url) => url.startsWith("blob:")), `each worker has the page's policy: ${workers.join()}`);
      await said(page, `Ready. “${view}” is as you left it, with 48 pictures.`);
      await projects(page).click();
      await row(page, "Drawings").waitFor();
      await look(page, `${view}-51-two-projects`);
      await button(page, "Delete Drawings").click();
      await dialog(page, "Delete “Drawings”?").waitFor();
      await look(page, `${view}-52-delete`);
      await button(page, "Delete it").click();
      await said(page, "Drawings was deleted");
      await button(page, `Delete ${view}`).click();
      await button(page, "Delete it").click();
      await page.waitForEvent("load");
      await said(page, "Ready. Everything from here on");
      assert.match(await projects(page).innerText(), /My pictures/);
    }, options);
  });
}

test("a project that another tab has is left to it, and this tab says so", async () => {
  await visits(async (visit) => {
    const one = await visit();
    await button(one, "Use our sample drawings").click();
    await said(one, "48 pictures added");
    const two = await visit();
    await said(two, "is open in another tab");
    await lookTwice(two, "53-open-elsewhere");
    assert.match(await projects(two).innerText(), /My pictures 2/);
    await choose(two, "Choose a folder", join(folder, "pictures"));
    await said(two, "16 pictures added");
    // Each comes back to its own.
    for (const [page, name] of [[two, "My pictures 2"], [one, "My pictures"]]) {
      await page.reload();
      await said(page, `“${name}” is as you left it`);
    }
    assert.deepEqual([...one.complaints, ...two.complaints], []);
  });
});

/** Chromium itself looks at a quota every half a minute: that it is heard is a test of projects.mjs. */
async function thatFills(visit, context) {
  await context.route("**/headstart/worker.js", async (route) => {
    const script = await (await route.fetch()).text();
    await route.fulfill({ contentType: "text/javascript", body: `${FULL}\n${script}` });
  });
  const page = await visit();
  return { page, full: (of) => page.evaluate((of) => new BroadcastChannel("full").postMessage(of), of) };
}

test("a change that could not be saved is said, without a number of pictures", async () => {
  await visits(async (visit, context) => {
    const { page, full } = await thatFills(visit, context);
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await full("projects");
    await grid(page, "fish").getByRole("row").first().click();
    await button(page, "Remove 1").click();
    const alert = page.getByRole("alert").filter({ hasText: "The last change is not saved." });
    await alert.waitFor();
    assert.match(await projects(page).innerText(), /last change not saved/);
    await full(false);
    await alert.getByRole("button", { name: "Try again" }).click();
    await said(page, "All is saved again.");
    await page.reload();
    await said(page, "with 47 pictures");
  });
});

test("projects that cannot be listed are not looked up for ever", async () => {
  await visits(async (visit) => {
    const page = await visit();
    await page.evaluate(() => (IDBObjectStore.prototype.getAll = () => { throw new DOMException("it broke", "UnknownError"); }));
    await projects(page).click();
    await dialog(page).getByRole("alert").filter({ hasText: "it broke" }).waitFor();
    assert.equal(await dialog(page).getByText("Looking them up").count(), 0);
  });
});

test("a full storage is said where it is seen, with what can be done; leaving asks then", async () => {
  await visits(async (visit, context) => {
    const { page, full } = await thatFills(visit, context);
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await full("sources");
    await choose(page, "Choose a folder", join(folder, "pictures"));
    await said(page, "in this tab only");
    const alert = page.getByRole("alert").filter({ hasText: "16 pictures not saved." });
    await alert.waitFor();
    await lookTwice(page, "54-full");
    const asked = page.waitForEvent("dialog");
    await page.evaluate(() => void setTimeout(() => location.reload()));
    await (await asked).dismiss();
    await full(false);
    await alert.getByRole("button", { name: "Try again" }).click();
    await said(page, "All is saved again.");
    assert.equal(await page.getByRole("alert").count(), 0);
    await page.reload();
    await said(page, "with 64 pictures");
  });
});

test("a project that cannot be read whole is open with the rest; one that cannot be opened is left for another", async () => {
  await visits(async (visit, context) => {
    const first = await visit();
    await button(first, "Use our sample drawings").click();
    await said(first, "48 pictures added");
    await button(first, "Train").click();
    await first.locator("#report .headline, #report .figures").first().waitFor();
    await first.close();
    let lost = "";
    await context.route("**/headstart/worker.js", async (route) => {
      const script = await (await route.fetch()).text();
      const fails = `for (const does of ["get", "getAll"]) {
        const real = IDBObjectStore.prototype[does];
        IDBObjectStore.prototype[does] = function (...given) {
          if (${lost}) throw new DOMException("the test wants it so", "NotReadableError");
          return real.apply(this, given);
        };
      }`;
      await route.fulfill({ contentType: "text/javascript", body: `{ let one; ${fails} }\n${script}` });
    });
    lost = 'this.name === "models" || (this.name === "sources" && (one ??= String(given[0])) === String(given[0]))';
    const second = await visit();
    await said(second, "“My pictures” is open with 48 pictures, but the model cannot be read; train again; 1 picture cannot be shown.");
    await collected(second, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
    await second.close();
    lost = 'this.name === "samples"';
    const third = await visit();
    await said(third, "This is another project.");
    assert.match(await projects(third).innerText(), /My pictures 2/);
  });
});

test("without a storage the page works, and says that nothing is saved", async () => {
  const context = await newContext();
  try {
    const page = await pageIn(context, { path: "/dist/", setUp: (page) => page.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined })) });
    await said(page, "Ready. Nothing is saved:");
    assert.match(await projects(page).innerText(), /No project\s*not saved/);
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await projects(page).click();
    await dialog(page).getByRole("button", { name: "Save as a file" }).waitFor();
    await lookTwice(page, "55-no-storage");
  } finally {
    await context.close();
  }
});

test("a Teachable Machine project is dropped in like any zip", async () => {
  execFileSync("sh", ["-c", `mkdir -p tm && cp pictures/warm/warm-0.png "tm/It's warm-!-0.png" && cp pictures/warm/warm-1.png "tm/It's warm-!-1.png" && cp pictures/cold/cold-0.png "tm/Cold-!-0.png" && echo '{"type":"image","version":"2.4.7","appdata":{}}' > tm/manifest.json && cd tm && python3 -m zipfile -c ../project.tm *`], { cwd: folder });
  await onPage(async (page) => {
    await choose(page, "Choose files", join(folder, "project.tm"));
    await said(page, "3 pictures added");
    await collected(page, "Cold 1 picture", "It's warm 2 pictures");
  });
});
