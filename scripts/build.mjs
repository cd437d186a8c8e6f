// pkg/ ready to be served as it is, and the page in dist/.
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { drawings } from "./drawings.mjs";
import { cache, dist, generated, packs, pkg, root, target } from "./paths.mjs";
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
    // The command has no part in a module.
    .filter((file) => !file.startsWith(join(root, "src/bin/headstart/")))
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
  // Imported here, as everywhere in scripts/: a fresh clone has no npm packages until set-up has run.
  const { rolldown } = await import("rolldown");
  const bundled = async (input, output, use) => {
    const bundle = await rolldown({ input, platform: "browser" });
    const result = await bundle[use]({ format: "esm", minify: true, ...output });
    await bundle.close();
    return result;
  };
  await exportPage(bundled);
  await run(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", root]);
  for (const file of readdirSync(pkg)) if (file.endsWith(".js")) rmSync(join(pkg, file));
  // Flat: every file finds the others beside itself, by a literal `new URL("…", import.meta.url)`.
  const flat = { dir: pkg, entryFileNames: "[name].js", chunkFileNames: ({ isDynamicEntry }) => (isDynamicEntry ? "[name].js" : "shared.js") };
  const entry = (name) => ({ [name]: join(pkg, "src", `${name}.ts`) });
  await bundled({ ...entry("index"), ...entry("predict") }, flat, "write");
  // In one piece: a bundler that makes classic scripts of workers, as Vite does if not told otherwise, cannot do it with several.
  await bundled(entry("worker"), { ...flat, codeSplitting: false }, "write");
  for (const file of ["README.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(root, file), join(pkg, file));
}

/** The page that `export("html")` fills, with its style and script, and a policy that allows these two alone. */
async function exportPage(bundled) {
  const from = join(pkg, "src/exports/page");
  const made = await bundled(join(from, "main.ts"), { codeSplitting: false }, "generate");
  // A script's text ends where it says so, even in the middle of a string.
  const script = made.output[0].code.replaceAll("</script", "<\\/script");
  const style = readFileSync(join(from, "page.css"), "utf8");
  const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
  // By functions: in a text, `$&` and its like would be read.
  const html = readFileSync(join(from, "page.html"), "utf8")
    .replace("SCRIPT-HASH", hash(script))
    .replace("STYLE-HASH", hash(style))
    .replace("STYLE", () => style)
    .replace("SCRIPT", () => script);
  writeFileSync(join(generated, "page.js"), `export default ${JSON.stringify(html)};\n`);
  writeFileSync(join(generated, "page.d.ts"), "declare const page: string;\nexport default page;\n");
}

function copyPacks() {
  rmSync(join(pkg, "backbones"), { recursive: true, force: true });
  for (const id of readdirSync(packs).filter((name) => !name.endsWith("-f32") && !name.endsWith(".made-from"))) {
    cpSync(join(packs, id), join(pkg, "backbones", id), { recursive: true });
    packModule(id);
  }
}

/**
 * What `import pack from "headstart/backbones/<id>"` gives: where the pack's files are, in words that bundlers look for. The manifest
 * is in it, because small files are turned into `data:` addresses by some, which a strict policy forbids.
 */
function packModule(id) {
  const folder = join(pkg, "backbones", id);
  const files = readdirSync(folder).filter((name) => name !== "manifest.json");
  const lines = [
    `  "manifest.json": new Blob([${JSON.stringify(readFileSync(join(folder, "manifest.json"), "utf8"))}]),`,
    ...files.map((name) => `  "${name}": new URL("./${id}/${name}", import.meta.url),`),
  ];
  writeFileSync(`${folder}.js`, `export default {\n${lines.join("\n")}\n};\n`);
  writeFileSync(`${folder}.d.ts`, `import type { BackbonePack } from "../index.js";\ndeclare const pack: BackbonePack;\nexport default pack;\n`);
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
