// Pages that share a storage, and a browser that can be killed: what is saved has to outlive both.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { args, executable } from "../../scripts/chromium.mjs";
import { newContext, origin } from "./chromium.mjs";
import { helpers } from "./helpers.mjs";

/** An empty page with the face in `globalThis`, in a context; what went wrong in it is in `complaints`. */
export async function pageIn(context, { path = "/", setUp } = {}) {
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  if (setUp) await setUp(page);
  await page.goto(origin + path);
  if (path === "/") await page.evaluate(helpers);
  return page;
}

/** `work(open)`: each `open()` is another page of the same person. */
export async function withStorage(work) {
  const context = await newContext();
  try {
    return await work((options) => pageIn(context, options), context);
  } finally {
    await context.close();
  }
}

/** A browser of its own with its profile on the disk. `kill` ends it as a crash would; the next `open` starts it again. */
export async function withProfile(work) {
  const folder = mkdtempSync(join(tmpdir(), "headstart-profile-"));
  let context;
  const open = async (options) => {
    context ??= await chromium.launchPersistentContext(folder, { executablePath: executable, args, headless: true });
    return pageIn(context, options);
  };
  const kill = async (page) => {
    const gone = new Promise((resolve) => context.once("close", resolve));
    const cdp = await context.newCDPSession(page);
    void cdp.send("Browser.crash").catch(() => {});
    await gone;
    context = undefined;
  };
  try {
    return await work({ open, kill });
  } finally {
    await context?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
