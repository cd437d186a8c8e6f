// Set up, build, and all tests: native, in one Chromium, and of the package in other people's apps.
import { build } from "./build.mjs";
import { pythonForTests } from "./python.mjs";
import { main, run, step } from "./run.mjs";
import { setup } from "./setup.mjs";
import { makeSite } from "./site.mjs";

const node = (file) => run("node", ["--test", "--test-reporter=spec", file]);

await main(async () => {
  await setup({ browser: true });
  await step("set-up tests", () => node("tests/setup.test.mjs"));
  await build();
  await makeSite();
  await step("Python with onnxruntime and PyTorch", pythonForTests);
  await step("native tests", () => run("cargo", ["test", "--quiet", "--features", "tools"]));
  await step("tests of examples", () => node("tests/dask.test.mjs"));
  await step("browser tests", () => node("tests/browser/index.test.mjs"));
  await step("packaging tests", () => node("tests/packaging/index.test.mjs"));
});
