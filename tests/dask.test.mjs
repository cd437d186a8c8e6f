// examples/dask: real photographs embedded by several processes, of which one is killed, are row for row what one process makes of them.
// And the guide's program learns from such rows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { cache, root, shared, target } from "../scripts/paths.mjs";
import { needsShared } from "./needsShared.mjs";

const headstart = join(target, "debug", "headstart");
const example = join(root, "examples/dask");
/** → what it says on stdout. */
const run = async (command, args, cwd) => (await promisify(execFile)(command, args, { cwd, env: { ...process.env, HEADSTART_CACHE: cache } })).stdout;
/** Photographs of ten classes, twelve each of them. */
const ROWS = 120;
const SHARDS = 12;

test("a folder embedded under Dask with a killed worker has the rows of a single run", { timeout: 600_000, ...needsShared }, async (t) => {
  const photos = join(shared, "data/clothing10/test");
  const python = await venv();
  const folder = mkdtempSync(join(tmpdir(), "headstart-dask-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [table, whole, parts] = ["photos.csv", "rows.parquet", "parts"].map((name) => join(folder, name));
  await run("python3", ["-c", LIST, photos, table, String(ROWS / 10)]);
  // A picture that is broken is left out by both.
  writeFileSync(table, `${join(folder, "gone.jpg")},hat\n`, { flag: "a" });

  const said = JSON.parse(await run(headstart, ["embed", table, "--out", whole, "--json", "--quiet"]));
  assert.equal(said.rows, ROWS);
  assert.deepEqual(said.rejected.map(({ code }) => code), ["unreadable"]);
  const args = [table, parts, "--workers", "3", "--shards", String(SHARDS), "--headstart", headstart, "--kill-one"];
  const out = await run(python, [join(example, "embed_folder.py"), ...args]);
  const { rows, parts: files, rejected, killed } = JSON.parse(out.trim().split("\n").at(-1));
  assert.match(killed, /^tcp:/, "the scheduler has lost the worker that was killed");
  assert.equal(rows, ROWS);
  assert.equal(files.length, SHARDS);
  assert.deepEqual(rejected, said.rejected);
  const compared = await run(python, [join(example, "compare.py"), whole, parts]);
  assert.equal(compared.trim(), `${ROWS} rows are the same`);
  // As it stands in the guide, where the rows are.
  const [, program] = readFileSync(join(root, "docs/guides/python.md"), "utf8").match(/```python\n(import polars[^]*?)```/);
  const right = Number(await run(python, ["-c", program], folder));
  assert.ok(right > 0.6 && right <= 1, `${right} of ten classes`);
  // A process id of a worker elsewhere is somebody else's here. Nothing listens at that address, and nobody is to ask.
  const elsewhere = run(python, [join(example, "embed_folder.py"), table, parts, "--scheduler", "tcp://127.0.0.1:1", "--kill-one"]);
  await assert.rejects(elsewhere, /may be anywhere/);
});

/** So many files of each class, with their classes, as a table of paths. */
const LIST = `
import csv, pathlib, sys
photos, table, some = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
with open(table, "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["path", "label"])
    for folder in sorted(photos.iterdir()):
        rows.writerows([path, folder.name] for path in sorted(folder.iterdir())[:some])
`;

/** → the Python that has the example's packages and the guide's, made once. Set-up needs a package index too. */
async function venv() {
  const requirements = [join(example, "requirements.txt"), join(root, "tests/python/tables.txt")];
  const hash = createHash("sha256");
  for (const file of requirements) hash.update(readFileSync(file));
  const folder = join(cache, `dask-${hash.digest("hex").slice(0, 12)}`);
  const path = join(folder, "bin/python");
  const done = join(folder, "done");
  if (existsSync(done)) return path;
  await run("python3", ["-m", "venv", "--clear", folder]);
  await run(path, ["-m", "pip", "install", "--quiet", ...requirements.flatMap((file) => ["--requirement", file])]);
  writeFileSync(done, "");
  return path;
}
