// A visit to the page: what its tests do again and again.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../../scripts/paths.mjs";
import { withPage } from "./chromium.mjs";

export const output = join(root, "tests/output");
mkdirSync(output, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Sizes and schemes that every state is looked at in. */
export const views = [
  ["1280-light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["1280-dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark", reducedMotion: "reduce" }],
  ["390-light", { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true }],
  ["390-dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true }],
];

/** Both sizes and both schemes in two runs, for what is long. */
export const extremes = [views[0], views[3]];

/** On the page, ready, at a path of its own: it has to work anywhere. */
export const onPage = (work, options) =>
  withPage(
    async (page) => {
      await said(page, "Ready");
      await work(page);
      assert.deepEqual(page.complaints, []);
    },
    { path: "/dist/", ...options },
  );

export const said = (page, text) => page.locator("#status", { hasText: text }).waitFor();
export const button = (page, name) => page.getByRole("button", { name, exact: true });

/** `where`: the page, or a part of it. */
export async function choose(where, name, files) {
  const chooser = (where.page?.() ?? where).waitForEvent("filechooser");
  await button(where, name).first().click();
  await (await chooser).setFiles(files);
}

/** Tabs until what has the focus is called so. */
export async function reach(page, name, role = "button") {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const at = document.activeElement;
      const own = (element) => element?.getAttribute("aria-label") ?? element?.innerText ?? "";
      const by = at.getAttribute("aria-labelledby")?.split(" ").map((id) => own(document.getElementById(id)));
      return { name: by?.join(" ") ?? own(at.closest("label") ?? at), role: at.getAttribute("role") ?? at.tagName.toLowerCase() };
    });
    if (here.role === role && (name instanceof RegExp ? name.test(here.name.trim()) : here.name.trim().startsWith(name))) return;
  }
  assert.fail(`the keyboard does not reach ${role} “${name}”`);
}

export const press = (page, ...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

/** From here on; `assertStill` says whether anything moved that nobody had asked to move. */
export const watchShifts = (page) =>
  page.evaluate(() => {
    [globalThis.shifts, globalThis.shiftsSince] = [[], 0];
    const at = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
    const named = ({ node, previousRect, currentRect }) => `${node?.nodeName}.${node?.className} from ${at(previousRect)} to ${at(currentRect)}`;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => e.hadRecentInput || globalThis.shifts.push([e.value, e.sources.map(named).join(), e.startTime]))).observe({ type: "layout-shift" });
  });

/**
 * What has moved until now was asked for, in one go: the browser takes for that only what comes within half a second of a press, and a slow
 * machine takes longer.
 */
export async function assertOneMove(page) {
  const moved = await page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    const since = globalThis.shiftsSince;
    globalThis.shiftsSince = performance.now();
    return globalThis.shifts.filter(([value, , at]) => at > since && value > 0.01);
  });
  assert.ok(moved.length <= 1, `it came in pieces: ${JSON.stringify(moved)}`);
}

export async function assertStill(page) {
  const shifts = await page.evaluate(() => globalThis.shifts.filter(([, , at]) => at > globalThis.shiftsSince));
  assert.ok(shifts.reduce((sum, [value]) => sum + value, 0) < 0.1, `the layout shifts: ${JSON.stringify(shifts)}`);
}

/** A file of this name, saved by what is done. */
export async function saved(page, work) {
  const download = page.waitForEvent("download");
  await work();
  return readFileSync(await (await download).path());
}

/** A picture of the whole page, in a window that is tall enough to draw all of it. */
export async function look(page, name) {
  const size = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ ...size, height: Math.max(size.height, height) });
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(output, `${name}.png`) });
  const violations = await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes[0].html))`);
  assert.deepEqual(violations, [], `axe on ${name}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: the page scrolls sideways by ${wide} px`);
  await page.setViewportSize(size);
}


/** A state that takes long to reach, on a wide light screen and on a narrow dark one. */
export async function lookTwice(page, state) {
  await look(page, `1280-light-${state}`);
  const size = page.viewportSize();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await look(page, `390-dark-${state}`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(size);
}
