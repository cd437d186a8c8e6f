// The page as a person uses it: by mouse, on a telephone, in the dark. Screenshots of every state go to tests/output/; axe
// looks at every state too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dist } from "../../scripts/paths.mjs";
import { newContext, withPage } from "./chromium.mjs";
import { hold, letGo, withHeldLearner } from "./held.mjs";
import { pasteMany, withInstantLearner } from "./instant.mjs";
import { pageIn } from "./profile.mjs";
import { collected, folder, grid } from "./painted.mjs";
import { assertOneMove, assertStill, button, choose, look, lookTwice, onPage, said, views, watchShifts } from "./visit.mjs";

for (const [name, options] of views) {
  test(`the first minute at ${name}: sample drawings, train, try, report, pictures behind a cell`, async () => {
    await onPage(async (page) => {
      await watchShifts(page);
      await look(page, `${name}-1-empty`);
      assert.ok(await button(page, "Train").isDisabled());
      assert.equal(await button(page, "Stop").count(), 0, "nothing runs that could be stopped");
      await assertStill(page);
      await button(page, "Use our sample drawings").click();
      await button(page, "Stop").waitFor();
      await grid(page, "tree").waitFor();
      await assertOneMove(page);
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

test("on a slow machine too the cards of new classes come together, and nothing jumps when their pictures do", async () => {
  await onPage(async (page) => {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await watchShifts(page);
    await page.evaluate(() => {
      globalThis.cards = [];
      const seen = () => {
        const now = document.querySelectorAll("article.class").length;
        if (globalThis.cards.at(-1) !== now) globalThis.cards.push(now);
      };
      seen();
      new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
    });
    await button(page, "Use our sample drawings").click();
    await grid(page, "tree").waitFor();
    await assertOneMove(page);
    await said(page, "48 pictures added");
    await collected(page, "fish 16 pictures", "house 16 pictures", "tree 16 pictures");
    assert.deepEqual(await page.evaluate(() => globalThis.cards), [0, 3]);
    await assertStill(page);
  }, views[3][1]);
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
  // On a first visit: later ones have the backbone from the browser.
  const context = await newContext();
  try {
    await context.route("**/manifest.json", (route) => route.fulfill({ status: 404 }));
    const page = await pageIn(context, { path: "/dist/" });
    await page.getByRole("alert").waitFor();
    assert.match(await page.getByRole("alert").innerText(), /Headstart cannot start: .*manifest\.json answered 404/);
  } finally {
    await context.close();
  }
});
