// A fresh clone has no npm packages: every command must reach its set-up without them, and stop with a sentence.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../scripts/paths.mjs";

const clone = mkdtempSync(join(tmpdir(), "headstart-clone-"));
after(() => rmSync(clone, { recursive: true }));
for (const part of ["package.json", "scripts", "tests/browser", "benches"]) {
  cpSync(join(root, part), join(clone, part), { recursive: true, filter: (path) => !path.includes("node_modules") });
}

for (const [name, command] of Object.entries(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts)) {
  test(`npm run ${name} without npm packages and without Rust says what is missing`, () => {
    const [, script] = command.split(" ");
    const env = { PATH: join(clone, "nothing"), HOME: clone };
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: clone, env, encoding: "utf8" });
    assert.equal(status, 1, stderr);
    assert.match(stdout, /Rust, Node, Python/);
    assert.match(stderr, /^\s*✗ Rust is missing: install rustup/);
  });
}
