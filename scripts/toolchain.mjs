// A Rust compiler that can build for wasm32: rustup's target, or else Debian's compiler with its library source.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Stop, run, tryRun } from "./run.mjs";

const TRIPLE = "wasm32-unknown-unknown";
// Debian packages these for building browsers; std is built from the source that comes with them.
const DEBIAN_RUSTC = "/usr/bin/rustc";
const DEBIAN_PACKAGES = ["rustc-web", "rust-web-src"];

/** What burn 0.22 needs: Rust 1.… */
export const OLDEST_RUST = 95;
export const minor = (version) => Number(version.match(/1\.(\d+)/)?.[1]);

/** → `{ note, env, args }`: what to add to the environment and the arguments of `cargo build --target wasm32-…`. */
export async function wasmToolchain() {
  const sysroot = (await run("rustc", ["--print", "sysroot"], { quiet: true })).trim();
  const installed = () => existsSync(join(sysroot, "lib/rustlib", TRIPLE, "lib"));
  if (installed()) return { note: "there", env: {}, args: [] };
  if ((await tryRun("rustup", ["target", "add", TRIPLE])) !== null && installed()) {
    return { note: "added by rustup", env: {}, args: [] };
  }
  return debian(sysroot);
}

async function debian(sysroot) {
  if (!(await debianHasSource())) {
    const install = ["install", "-y", "--no-install-recommends", ...DEBIAN_PACKAGES];
    await tryRun("apt-get", ["update"]);
    await tryRun("apt-get", install);
    if (!(await debianHasSource())) {
      throw new Stop(
        `Rust has no ${TRIPLE} target here, rustup cannot add it (\`rustup target add ${TRIPLE}\`), and neither can Debian: \`apt-get ${install.join(" ")}\``,
      );
    }
  }
  const host = (await run("rustc", ["--print", "host-tuple"], { quiet: true })).trim();
  return {
    note: "Debian's compiler, with std built from source",
    env: {
      RUSTC: DEBIAN_RUSTC,
      // Building std from source is not a stable option of cargo's.
      RUSTC_BOOTSTRAP: "1",
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: join(sysroot, "lib/rustlib", host, "bin/rust-lld"),
    },
    args: ["-Zbuild-std=std,panic_abort"],
  };
}

/** Whether Debian's compiler is there, new enough, and with the source of std. */
async function debianHasSource() {
  const [version, sysroot] = [await tryRun(DEBIAN_RUSTC, ["--version"]), await tryRun(DEBIAN_RUSTC, ["--print", "sysroot"])];
  if (version === null || sysroot === null || minor(version) < OLDEST_RUST) return false;
  return existsSync(join(sysroot.trim(), "lib/rustlib/src/rust/library/std"));
}
