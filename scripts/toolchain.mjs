// A Rust compiler that can build for wasm32: rustup's target, or else Debian's compiler with its library source.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Stop, run, tryRun } from "./run.mjs";

const TRIPLE = "wasm32-unknown-unknown";
// Debian packages these for building browsers; std is built from the source that comes with them.
const DEBIAN_RUSTC = "/usr/bin/rustc";
const DEBIAN_PACKAGES = ["rustc-web", "rust-web-src"];

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
  const source = () => existsSync("/usr/lib/rust-web/lib/rustlib/src/rust/library/std") || existsSync("/usr/src/rustc-web");
  if (!existsSync(DEBIAN_RUSTC) || !source()) {
    const install = ["apt-get", "install", "-y", "--no-install-recommends", ...DEBIAN_PACKAGES];
    await tryRun("apt-get", ["update"]);
    if ((await tryRun(install[0], install.slice(1))) === null) {
      throw new Stop(
        `Rust has no ${TRIPLE} target here, rustup cannot add it (\`rustup target add ${TRIPLE}\`), and neither can Debian: \`${install.join(" ")}\``,
      );
    }
  }
  const host = sysroot.match(/[^-/]+-(.+)$/)?.[1] ?? "x86_64-unknown-linux-gnu";
  return {
    note: "Debian's compiler, with std built from source",
    env: {
      RUSTC: DEBIAN_RUSTC,
      RUSTC_BOOTSTRAP: "1",
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: join(sysroot, "lib/rustlib", host, "bin/rust-lld"),
    },
    args: ["-Zbuild-std=std,panic_abort"],
  };
}
