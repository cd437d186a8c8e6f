// The page itself: the first minute, and whether it stays free while it works.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pasteMany, withInstantLearner } from "../tests/browser/instant.mjs";

/** From a cold cache: opened → ready, then two clicks → a trained and checked model. Seconds. */
export async function firstMinute(browser, origin) {
  const page = await open(browser);
  let [downloaded, bytes] = [0, 0];
  const counting = [];
  const count = (request) => {
    downloaded = Date.now();
    counting.push(request.sizes().then((sizes) => (bytes += sizes.responseBodySize)));
  };
  page.context().on("requestfinished", count);
  const start = Date.now();
  await page.goto(origin);
  await said(page, "Ready");
  const ready = Date.now();
  const opened = { download: (downloaded - start) / 1000, compile: (ready - downloaded) / 1000 };
  // What is asked for later is not of the first visit, and may end with the page.
  page.context().off("requestfinished", count);
  await Promise.all(counting);
  let clicks = 0;
  const click = (name) => (clicks++, page.getByRole("button", { name, exact: true }).click());
  await click("Use our sample drawings");
  await said(page, "48 pictures added");
  const collected = Date.now();
  await click("Train");
  await said(page, "Trained");
  const trained = Date.now();
  await page.locator(".confusion").waitFor();
  const checked = Date.now();
  await page.context().close();
  const seconds = (from, to) => (to - from) / 1000;
  return { clicks, ...opened, bytes, collect: seconds(ready, collected), train: seconds(collected, trained), check: seconds(trained, checked) };
}

/** 500 pictures taken in and trained on: what kept the main thread for more than 50 ms? */
export async function mainThread(browser, origin, source) {
  const folder = mkdtempSync(join(tmpdir(), "headstart-500-"));
  let count = 0;
  for (const label of readdirSync(source)) {
    mkdirSync(join(folder, "pictures", label), { recursive: true });
    for (const name of readdirSync(join(source, label)).slice(0, 50)) {
      cpSync(join(source, label, name), join(folder, "pictures", label, name));
      count++;
    }
  }
  const bare = await bareInput(browser, join(folder, "pictures"));
  const page = await open(browser);
  try {
    await page.goto(origin);
    await said(page, "Ready");
    await page.evaluate(() => {
      globalThis.long = [];
      new PerformanceObserver((list) => globalThis.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
    });
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose a folder" }).click();
    await (await chooser).setFiles(join(folder, "pictures"));
    await page.getByRole("progressbar").waitFor();
    await page.evaluate(() => {
      globalThis.handed = globalThis.long.splice(0);
      // From here on: before it the browser (and the test driver) hand 500 files over. The longest time between two frames is what a person sees.
      globalThis.gap = 0;
      let last = performance.now();
      const frame = (now) => {
        globalThis.gap = Math.max(globalThis.gap, now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    const start = Date.now();
    await said(page, `${count} pictures added`);
    const collected = Date.now();
    // A person presses Train when the classes are on show.
    await page.locator("article.class img").nth(40).waitFor();
    const pressed = Date.now();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await said(page, "Trained");
    const trained = Date.now();
    // The last part of the report.
    await page.getByRole("heading", { name: "Is it worse on some pictures?" }).waitFor();
    const checked = Date.now();
    await page.waitForTimeout(500);
    const { handed, long, gap } = await page.evaluate(() => ({ handed: globalThis.handed, long: globalThis.long, gap: globalThis.gap }));
    const seconds = (from, to) => (to - from) / 1000;
    return { pictures: count, collect: seconds(start, collected), train: seconds(pressed, trained), check: seconds(trained, checked), handed, bare, long, gap };
  } finally {
    await page.context().close();
    rmSync(folder, { recursive: true });
  }
}

/** The same folder into an input that has a handler with nothing in it: what the browser itself takes to hand it over. */
async function bareInput(browser, folder) {
  const page = await open(browser);
  // An empty page.
  await page.goto("about:blank");
  await page.evaluate(() => {
    globalThis.long = [];
    new PerformanceObserver((list) => globalThis.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
    document.body.append(Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true, onchange: () => {} }));
  });
  const chooser = page.waitForEvent("filechooser");
  await page.locator("input").click();
  await (await chooser).setFiles(folder);
  await page.waitForTimeout(1000);
  const long = await page.evaluate(() => globalThis.long);
  await page.context().close();
  return long;
}

/** Pixels a frame. 100: six windows a second, a wheel that is turned hard; 400: the bar dragged. */
const STEPS = [100, 400];

/** Ten thousand thumbnails, scrolled from the top: the time between two frames. */
export async function scrolling(browser, origin) {
  const page = await open(browser);
  await withInstantLearner(page);
  await page.goto(origin);
  await said(page, "Ready");
  await pasteMany(page, 10_000);
  const list = page.getByRole("grid", { name: "Pictures of all" });
  await list.getByRole("img").first().waitFor();
  const results = [];
  for (const step of STEPS) {
    const gaps = await list.evaluate(async (element, step) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      element.scrollTop = 0;
      await frame();
      const gaps = [];
      let last = await frame();
      for (let i = 0; i < 240; i++) {
        element.scrollTop += step;
        const now = await frame();
        gaps.push(now - last);
        last = now;
      }
      return gaps.sort((a, b) => a - b);
    }, step);
    results.push({ step, median: gaps[gaps.length >> 1], p95: gaps[Math.floor(0.95 * gaps.length)], longest: gaps.at(-1) });
  }
  await page.context().close();
  return results;
}

export function pageTable({ first, main, scroll }) {
  const s = (v) => `${v.toFixed(1)} s`;
  return [
    "| first visit, cold cache, the sample drawings | |",
    "|---|---|",
    `| download: page, CPU module, backbone, ${(first.bytes / 1e6).toFixed(1)} MB uncompressed, from this machine | ${s(first.download)} |`,
    `| compile the module, load the backbone in every worker | ${s(first.compile)} |`,
    `| clicks to a trained model | ${first.clicks} |`,
    `| 48 drawings taken in | ${s(first.collect)} |`,
    `| trained | ${s(first.train)} |`,
    `| checked on held-out pictures | ${s(first.check)} |`,
    "",
    `| ${main.pictures} photographs taken in, trained, checked | |`,
    "|---|---|",
    `| taken in | ${s(main.collect)} |`,
    `| trained | ${s(main.train)} |`,
    `| checked | ${s(main.check)} |`,
    `| tasks over 50 ms on the main thread, from files in hand to the report | ${tasks(main.long)} |`,
    `| the same while the browser hands 500 files over | ${tasks(main.handed)} |`,
    `| the same when an input with an empty handler is handed them | ${tasks(main.bare)} |`,
    `| longest time between two frames | ${main.gap.toFixed(0)} ms |`,
    "",
    "| 10,000 thumbnails of one class: time between two frames | median, 95th percentile, longest |",
    "|---|---|",
    ...scroll.map(({ step, median, p95, longest }) => `| scrolled ${step} pixels a frame | ${[median, p95, longest].map((v) => v.toFixed(0)).join(", ")} ms |`),
  ].join("\n");
}

const tasks = (long) => `${long.length}${long.length > 0 ? ` (${long.map((ms) => ms.toFixed(0)).join(", ")} ms)` : ""}`;

const said = (page, text) => page.locator("#status", { hasText: text }).waitFor({ timeout: 300_000 });

async function open(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  return context.newPage();
}
