// Serving an app, and reading in Chromium what it shows.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packaging } from "../../scripts/paths.mjs";
import { withPage } from "../browser/chromium.mjs";
import { serve } from "../browser/server.mjs";
import { withPictures } from "./app.mjs";

/** Vite from where set-up installed it, not the project's own. */
export const vite = () => import(pathToFileURL(join(packaging, "node_modules/vite/dist/node/index.js")).href);

export async function viteBuilt(home) {
  const { build } = await vite();
  await build({ root: home, base: "./", logLevel: "error" });
  return withPictures(join(home, "dist"));
}

/** `options`: of the server. */
export async function served(folder, options, work) {
  assert.ok(existsSync(join(folder, "index.html")));
  const server = await serve({ "": folder }, options);
  try {
    return await work(server.origin);
  } finally {
    await server.close();
  }
}

/** What the app in the page showed. */
export function read(origin, options = {}) {
  return withPage(
    async (page) => {
      await page.waitForSelector("output", { timeout: 90_000 }).catch((error) => assert.fail(`${error.message}\n${page.complaints.join("\n")}`));
      const result = JSON.parse(await page.textContent("output"));
      assert.deepEqual(page.complaints, []);
      return result;
    },
    { origin, ...options },
  );
}

/** The model of an app without a bundler, as a safetensors file, and what its learner says of all pictures. */
export function learnt(home) {
  withPictures(home);
  return served(home, {}, (origin) =>
    withPage(
      async (page) => {
        const { base64, predictions } = await page.evaluate(async () => {
          const [{ createLearner }, { scenario }] = [await import("./node_modules/headstart/index.js"), await import("./scenario.js")];
          const { learner } = await scenario(createLearner, {});
          const list = await (await fetch("pictures.json")).json();
          const predictions = await learner.predict(await Promise.all(list.map(async ({ url }) => (await fetch(url)).blob())), { reject: 0.1 });
          const file = await learner.export("safetensors");
          await learner.close();
          const url = await new Promise((done) => {
            const reader = Object.assign(new FileReader(), { onload: () => done(reader.result) });
            reader.readAsDataURL(file);
          });
          return { base64: url.slice(url.indexOf(",") + 1), predictions };
        });
        return { file: Buffer.from(base64, "base64"), predictions };
      },
      { origin, path: "/pictures.json" },
    ),
  );
}
