// pkg/ ready to be served as it is, and the page in dist/.
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { drawings } from "./drawings.mjs";
import { cache, dist, packs, pkg, root, target } from "./paths.mjs";
import { main, run, step } from "./run.mjs";
import { setup } from "./setup.mjs";
import { wasmToolchain } from "./toolchain.mjs";

const TRIPLE = "wasm32-unknown-unknown";
// Every feature that today's rustc uses; without them wasm-opt refuses the module.
const WASM_FEATURES = [
  "--enable-simd",
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-reference-types",
  "--enable-mutable-globals",
  "--enable-multivalue",
];
// The first kilobyte is the far end of the stack, so constants can go from additions into the loads and stores.
// LLVM has optimised already: -O2 and -O3 take two to five times as long and compress worse under brotli.
const OPTIMISE = ["-O1", "--low-memory-unused"];
const onCpu = { profile: "release", folder: "release" };
const MODULES = {
  cpu: { ...onCpu, features: [] },
  learner: { ...onCpu, features: ["learner"] },
  // The same for engines with relaxed SIMD; the others refuse a module that has an instruction of it.
  relaxed: { ...onCpu, features: ["relaxed-simd"], optimiser: ["--enable-relaxed-simd"] },
  learner_relaxed: { ...onCpu, features: ["learner", "relaxed-simd"], optimiser: ["--enable-relaxed-simd"] },
  gpu: { profile: "gpu", folder: "gpu", features: ["webgpu"] },
};
const generated = join(pkg, "src/generated");
const PACKAGE_FILES = /\.(js|wasm|d\.ts)$|^(package\.json|README\.md|backbones)$/;

/** `modules`: the daily loop builds those for the CPU and keeps the GPU module of the last full build. */
export async function build({ modules = Object.keys(MODULES) } = {}) {
  for (const name of modules) await step(`wasm module ${name}`, () => wasm(name));
  if (!existsSync(join(generated, "headstart_gpu.js"))) withoutGpu();
  await step("package", bundle);
  await step("backbones", copyPacks);
  await step("page", page);
  await step("sample drawings", () => drawings(join(dist, "drawings")));
}

async function wasm(name) {
  const { profile, folder, features, optimiser = [] } = MODULES[name];
  const toolchain = await wasmToolchain();
  const flags = [...WASM_FEATURES, ...optimiser];
  const key = await madeFrom([name, profile, ...features, ...OPTIMISE, ...flags, ...toolchain.args], toolchain.env);
  const made = join(cache, "wasm", `${name}-${key}`);
  if (!existsSync(join(made, "done"))) {
    await run(
      "cargo",
      ["build", "--lib", "--target", TRIPLE, "--profile", profile, "--features", features.join(), ...toolchain.args],
      { env: toolchain.env },
    );
    rmSync(made, { recursive: true, force: true });
    await run(join(target, "debug", "bindgen"), [join(target, TRIPLE, folder, "headstart.wasm"), made, `headstart_${name}`]);
    const module = join(made, `headstart_${name}_bg.wasm`);
    // Stripping first: the names are half of the bytes that the optimiser would carry along.
    await run(join(root, "node_modules/.bin/wasm-opt"), [module, "-o", module, "--strip-debug", "--strip-producers", ...flags]);
    await run(join(root, "node_modules/.bin/wasm-opt"), [module, "-o", module, ...OPTIMISE, ...flags]);
    writeFileSync(join(made, "done"), "");
  }
  mkdirSync(generated, { recursive: true });
  for (const file of [`headstart_${name}.js`, `headstart_${name}.d.ts`]) copyFileSync(join(made, file), join(generated, file));
  copyFileSync(join(made, `headstart_${name}_bg.wasm`), join(pkg, `headstart_${name}_bg.wasm`));
  return `${(readFileSync(join(pkg, `headstart_${name}_bg.wasm`)).length / 1e6).toFixed(2)} MB`;
}

/**
 * A hash of all that a module is made from. Cargo cannot be asked: those for the CPU are one file to it, `headstart.wasm`, so
 * it would compile each of them anew whenever another was last.
 */
async function madeFrom(how, env) {
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"].map((file) => join(root, file)).concat(sources);
  const rustc = await run(env.RUSTC ?? "rustc", ["--version"], { quiet: true });
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/binaryen/package.json"), "utf8"));
  const hash = createHash("sha256").update(JSON.stringify([how, rustc, version, process.env.RUSTFLAGS ?? ""]));
  for (const file of files) hash.update(relative(root, file)).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/** Where the GPU module was never built, a package that says so and runs on the CPU. */
function withoutGpu() {
  copyFileSync(join(generated, "headstart_cpu.d.ts"), join(generated, "headstart_gpu.d.ts"));
  const why = "this package was built without its GPU module";
  writeFileSync(join(generated, "headstart_gpu.js"), `throw Object.assign(new Error("${why}"), { code: "no-webgpu" });\n`);
}

async function bundle() {
  await run(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", root]);
  for (const file of readdirSync(pkg)) if (file.endsWith(".js")) rmSync(join(pkg, file));
  // Imported here, as everywhere in scripts/: a fresh clone has no npm packages until set-up has run.
  const { rolldown } = await import("rolldown");
  const bundled = await rolldown({
    input: { index: join(pkg, "src/index.ts"), worker: join(pkg, "src/worker.ts") },
    platform: "browser",
  });
  // Flat: the glue finds its module beside itself, by the literal `new URL("…_bg.wasm", import.meta.url)`.
  await bundled.write({ dir: pkg, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name].js", minify: true });
  await bundled.close();
}

function copyPacks() {
  rmSync(join(pkg, "backbones"), { recursive: true, force: true });
  for (const id of readdirSync(packs).filter((name) => !name.endsWith("-f32") && !name.endsWith(".made-from"))) {
    cpSync(join(packs, id), join(pkg, "backbones", id), { recursive: true });
  }
}

/** The page loads the package as any page would: from a folder beside it. */
async function page() {
  const { build: vite } = await import("vite");
  await vite({ root, configFile: join(root, "vite.config.mjs"), logLevel: "warn" });
  for (const name of readdirSync(pkg).filter((name) => PACKAGE_FILES.test(name))) {
    cpSync(join(pkg, name), join(dist, "headstart", name), { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await setup();
    await build(process.argv.includes("--cpu") ? { modules: Object.keys(MODULES).filter((name) => MODULES[name].profile === onCpu.profile) } : {});
  });
}
