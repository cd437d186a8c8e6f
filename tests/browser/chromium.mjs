// One Chromium for all browser tests, and pages in it that fail on any request to another origin.
import { after } from "node:test";
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { args, executable, fakeCamera, softwareGpu } from "../../scripts/chromium.mjs";
import { dist, packs, pkg, root, shared, site } from "../../scripts/paths.mjs";
import { helpers } from "./helpers.mjs";
import { serve } from "./server.mjs";

// At the top and not in `before`: node starts hooks of the root when they are declared, and does not wait.
const server = await serve({ pkg, dist, site, packs, data: join(shared, "data"), golden: join(root, "tests/golden"), shared: join(shared, "golden") });
const browser = await chromium.launch({ executablePath: executable, args: [...args, ...softwareGpu, ...fakeCamera] });

after(async () => {
  await browser.close();
  await server.close();
});

/** Of the server that all tests use. */
export const { origin } = server;
/** A person of their own: nothing that others have saved. */
export const newContext = (options) => browser.newContext(options);
export { hasShared, needsShared } from "../needsShared.mjs";

/** Runs `work(page)` on a page of its own, in a context of its own. `strangers: "refused"`: it tries, and must fail. `origin`: of another server than the tests' own. */
export async function withPage(work, { origin: home = server.origin, path = "/", strangers: expected = "none", ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const strangers = [];
  const complaints = [];
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== home) strangers.push(request.url());
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.complaints = complaints;
  try {
    await page.goto(home + path);
    const result = await work(page);
    if (expected === "none") assert.deepEqual(strangers, [], "requests that left the page's origin");
    return result;
  } finally {
    await context.close();
  }
}

/**
 * Like `withPage`, on an empty page with the face and a few helpers in `globalThis`. `work` runs in the page, and nothing
 * in it may go unhandled.
 */
export function inPage(work, arg) {
  return withPage(async (page) => {
    await page.evaluate(helpers);
    const result = await page.evaluate(work, arg);
    assert.deepEqual(page.complaints.filter((text) => text.startsWith("uncaught")), []);
    return result;
  });
}

/** Addresses of `each` files of every class of a data set. */
export function pictures(set, part, { classes, from = 0, each = Infinity } = {}) {
  const folder = join(shared, "data", set, part);
  return (classes ?? readdirSync(folder).sort()).flatMap((label) =>
    readdirSync(join(folder, label))
      .sort()
      .slice(from, from + each)
      .map((name) => ({ label, name, url: `/data/${set}/${part}/${label}/${encodeURIComponent(name)}` })),
  );
}
