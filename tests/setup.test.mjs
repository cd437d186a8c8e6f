// A fresh clone has no npm packages: every command must reach its set-up without them, and stop with a sentence that says
// what is missing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../scripts/paths.mjs";

const clone = mkdtempSync(join(tmpdir(), "headstart-clone-"));
after(() => rmSync(clone, { recursive: true }));
for (const part of ["package.json", "scripts", "tests/browser", "benches"]) {
  cpSync(join(root, part), join(clone, part), { recursive: true, filter: (path) => !path.includes("node_modules") });
}

const { pictures, ...commandsThatSetUp } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const commands = Object.entries(commandsThatSetUp);
const missing = [
  { programs: {}, says: /^\s*✗ Rust is missing: install rustup/ },
  { programs: { rustc: "rustc 1.80.0 (stub)" }, says: /^\s*✗ rustc 1\.80\.0 \(stub\) is too old/ },
  { programs: { rustc: "rustc 1.95.0 (stub)" }, says: /^\s*✗ a C linker is missing/ },
  { programs: { rustc: "rustc 1.95.0 (stub)", cc: "cc" }, says: /^\s*✗ Python with pip is missing/ },
];
for (const [i, { programs, says }] of missing.entries()) {
  const PATH = join(clone, `programs-${i}`);
  mkdirSync(PATH);
  for (const [name, answer] of Object.entries(programs)) writeFileSync(join(PATH, name), `#!/bin/sh\necho "${answer}"\n`, { mode: 0o755 });
  for (const [name, command] of commands) {
    test(`npm run ${name} with ${Object.values(programs).join(", ") || "nothing"} says what is missing`, () => {
      const [, script] = command.split(" ");
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: clone, env: { PATH, HOME: clone }, encoding: "utf8" });
      assert.equal(status, 1, stderr);
      assert.match(stdout, /Rust, Node, Python/);
      assert.match(stderr, says);
    });
  }
}
