// The page gives its model away: files that prove elsewhere that they are the same model.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { pkg } from "../../scripts/paths.mjs";
import { button, lookTwice, onPage, reach, said, saved } from "./visit.mjs";

const { openExport } = await import(pathToFileURL(join(pkg, "predict.js")).href);

test("a trained model is saved as a page, as ONNX and as safetensors; the pictures go along only when asked", async () => {
  await onPage(async (page) => {
    const section = page.locator("#export");
    assert.match(await section.innerText(), /After training/);
    await button(page, "Use our sample drawings").click();
    await said(page, "48 pictures added");
    await button(page, "Train").click();
    await said(page, "Trained.");
    await page.locator("#report .confusion").waitFor();

    const file = await saved(page, () => button(page, "Save .safetensors").click());
    await said(page, /My pictures\.safetensors was saved, \d+\.\d MB/);
    assert.ok(!file.includes("fish-"), "no name of a sample is in it");
    const model = await openExport(file);
    assert.deepEqual(model.info.classes, ["fish", "house", "tree"]);
    const { ok, vectors } = await model.verify();
    assert.ok(ok && vectors === 16);
    await model.close();
    await lookTwice(page, "export");

    await reach(page, "Put 16 of my own pictures in", "input");
    await page.keyboard.press("Space");
    assert.match(await section.innerText(), /whoever gets the file can see them/);
    await reach(page, "Save .html");
    const html = await saved(page, () => page.keyboard.press("Enter"));
    await said(page, "My pictures.html was saved");
    assert.match(html.toString("latin1", 0, 200), /^<!doctype html>/i);
    assert.ok((await saved(page, () => button(page, "Save .onnx").click())).includes("fish-"), "the samples' names are in it");
  });
});
