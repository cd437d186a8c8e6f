// Results as JSON beside the benches, and as a table between two marks of BENCHMARKS.md.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";

const folder = join(root, "benches/results");

/** The commit; with changes that are not in it, it says so. What benches write themselves is no change. */
function commit() {
  const git = (...given) => execFileSync("git", given, { cwd: root, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--", ".", ":!BENCHMARKS.md", ":!benches/results");
    return git("rev-parse", "--short", "HEAD") + (changed && "+changes");
  } catch {
    return "no git here";
  }
}

/** Where, when and of what: no number stands without it. `browser`: where one was in it. */
export async function machine(browser) {
  return {
    date: new Date().toISOString().slice(0, 10),
    build: commit(),
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    chromium: browser?.version(),
  };
}

export const resultPath = (name) => join(folder, `${name}.json`);

export function record(name, results, table) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(resultPath(name), `${JSON.stringify(results, null, 2)}\n`);
  const path = join(root, "BENCHMARKS.md");
  const { date, build, cpu, cores, memoryGiB, chromium } = results.machine;
  const where = [date, cpu, `${cores} cores`, `${memoryGiB} GiB`, ...(chromium ? [`Chromium ${chromium}`] : []), `build ${build}`];
  const marks = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = readFileSync(path, "utf8");
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`BENCHMARKS.md has no place for \`${name}\``);
  writeFileSync(path, `${text.slice(0, from + marks[0].length)}\n*${where.join(", ")}.*\n\n${table}\n${text.slice(to)}`);
  console.log(`\n${table}`);
}
