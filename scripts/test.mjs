// Set up, build, and all tests: native, then in one Chromium.
import { build } from "./build.mjs";
import { main, run, step } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  await build();
  await step("native tests", () => run("cargo", ["test", "--quiet", "--features", "tools"]));
  await step("browser tests", () => run("node", ["--test", "--test-reporter=spec", "tests/browser/index.test.mjs"]));
});
