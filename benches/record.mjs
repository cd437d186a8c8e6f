// Results as JSON beside the benches, and as a table between two marks of BENCHMARKS.md.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/paths.mjs";

const folder = join(root, "benches/results");

/** Where and when: no number stands without it. */
export async function machine(browser) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    chromium: browser.version(),
  };
}

export const resultPath = (name) => join(folder, `${name}.json`);

export function record(name, results, table) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(resultPath(name), `${JSON.stringify(results, null, 2)}\n`);
  const path = join(root, "BENCHMARKS.md");
  const { date, cpu, cores, memoryGiB, chromium } = results.machine;
  const where = `*${date}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, Chromium ${chromium}.*`;
  const marks = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = readFileSync(path, "utf8");
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`BENCHMARKS.md has no place for \`${name}\``);
  writeFileSync(path, `${text.slice(0, from + marks[0].length)}\n${where}\n\n${table}\n${text.slice(to)}`);
  console.log(`\n${table}`);
}
