// Running other programs: their output goes through, and a failure stops with a sentence.
import { spawn } from "node:child_process";
import { cache, root, target } from "./paths.mjs";

/** Stops set-up, build or test with one sentence instead of a stack. */
export class Stop extends Error {}

export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}

// They would replace the flags in .cargo/config.toml: no SIMD, and a random generator that does not build.
const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...inherited } = process.env;

export function run(command, args, { env = {}, quiet = false, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...inherited, CARGO_TARGET_DIR: target, HEADSTART_CACHE: cache, ...env },
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    });
    let output = "";
    child.stdout?.on("data", (text) => (output += text));
    child.stderr?.on("data", (text) => (output += text));
    child.on("error", (error) => reject(new Stop(`cannot run \`${command}\`: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      reject(new Stop(`\`${command} ${args.join(" ")}\` ended with ${signal ?? code}${output && `:\n${output}`}`));
    });
  });
}

/** The output, or null when the program is missing or fails. */
export const tryRun = (command, args, options) => run(command, args, { ...options, quiet: true }).catch(() => null);

export async function step(name, work) {
  const start = Date.now();
  console.log(`▸ ${name}`);
  const note = await work();
  const seconds = (Date.now() - start) / 1000;
  console.log(`  ${note ?? "done"} (${seconds.toFixed(1)} s)`);
}
