// Native embedding beside PyTorch on the same photographs and the same CPU: pictures a second, and whether the rows are the same.
// `npm run bench -- native`.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cache, packs, root, target } from "../scripts/paths.mjs";

const ROUNDS = 3;
/** Of two rows of the same pixels. Ours are of weights in f16. */
const LEAST = 0.9999;
const exec = promisify(execFile);
const options = { env: { ...process.env, HEADSTART_CACHE: cache }, maxBuffer: 1 << 28 };

/** In alternation. `python`: one with PyTorch. */
export async function native(photos, python) {
  const folder = mkdtempSync(join(tmpdir(), "headstart-native-"));
  try {
    const ours = [];
    const oneThread = [];
    const theirs = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await embed(photos, folder));
      oneThread.push(await embed(photos, folder, ["--threads", "1"]));
      const seen = join(folder, "seen");
      rmSync(seen, { recursive: true, force: true });
      mkdirSync(seen);
      const args = [join(root, "benches/native.py"), join(packs, "efficientnet-lite0-f32"), photos, seen];
      theirs.push(JSON.parse((await exec(python, args, options)).stdout));
    }
    const cosines = await parity(theirs[0].rows, join(folder, "seen"), join(folder, "seen.headstart"));
    const ways = Object.keys(theirs[0].ways).map((way) => ({ way, perSecond: median(theirs.map(({ ways }) => ways[way])) }));
    return {
      torch: theirs[0].torch,
      pictures: theirs[0].pictures,
      parity: { pictures: cosines.length, lowestCosine: Math.min(...cosines) },
      headstart: median(ours),
      headstartOneThread: median(oneThread),
      ways: ways.sort((a, b) => b.perSecond - a.perSecond),
      torchNetworkAlone: median(theirs.map(({ network }) => network)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** → what it says. */
const headstart = async (args) =>
  JSON.parse((await exec(join(target, "debug", "headstart"), [...args, "--device", "cpu", "--json", "--quiet"], options)).stdout);

/** Pictures a second, all of it: reading, decoding, the network, writing the table. */
async function embed(photos, folder, more = []) {
  const { rows, seconds, rejected } = await headstart(["embed", photos, "--out", join(folder, "rows.parquet"), ...more]);
  if (rejected.length > 0 || rows === 0) throw new Error(`${rejected.length} of the pictures were left out`);
  return rows / seconds;
}

/** Cosines of our rows to `theirs`, by name, of the same pixels. A project file has rows that node can read. */
async function parity(theirs, seen, project) {
  await headstart(["train", seen, "--out", project, "--no-samples", "--strength", "1"]);
  const file = readFileSync(project);
  const size = Number(file.readBigUInt64LE(0));
  const { rows, __metadata__ } = JSON.parse(file.toString("utf8", 8, 8 + size));
  const dim = rows.shape[1];
  const at = (i, k) => file.readFloatLE(8 + size + rows.data_offsets[0] + 4 * (i * dim + k));
  const ours = new Map(JSON.parse(__metadata__.project).samples.map(({ name }, i) => [name, Array.from({ length: dim }, (_, k) => at(i, k))]));
  const cosines = Object.entries(theirs).map(([name, row]) => {
    const own = ours.get(name);
    if (own?.length !== row.length) throw new Error(`there is no row of ${name} to compare`);
    return cosine(own, row);
  });
  // Also where one of them is no number.
  const far = Object.keys(theirs).filter((_, i) => !(cosines[i] >= LEAST));
  if (far.length > 0 || cosines.length === 0) throw new Error(`the rows of ${far} are not PyTorch's: cosines ${cosines}`);
  return cosines;
}

function cosine(a, b) {
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

export function nativeTable({ torch, pictures, parity, headstart, headstartOneThread, ways, torchNetworkAlone }) {
  const [best] = ways;
  const ratio = (perSecond) => `${(headstart / perSecond).toFixed(2)}`;
  return [
    `${pictures} photographs, pictures a second, median of ${ROUNDS} runs in alternation. Headstart is ${ratio(best.perSecond)} times as fast as the fastest way with PyTorch.`,
    "",
    "| | pictures a second | Headstart, as many times as fast |",
    "|---|---|---|",
    `| \`headstart embed\`, all cores (from the start of the program to the whole table) | ${headstart.toFixed(1)} | 1 |`,
    `| the same, \`--threads 1\` | ${headstartOneThread.toFixed(1)} | ${ratio(headstartOneThread)} |`,
    ...ways.map(({ way, perSecond }) => `| PyTorch ${torch}, batches of 32, ${way} (without importing and loading) | ${perSecond.toFixed(1)} | ${ratio(perSecond)} |`),
    `| PyTorch ${torch}, the network alone on pixels that are there | ${torchNetworkAlone.toFixed(1)} | ${ratio(torchNetworkAlone)} |`,
    "",
    `Rows of ${parity.pictures} of them, from the same pixels: cosine to PyTorch's ${parity.lowestCosine.toFixed(6)} at the lowest (the limit is ${LEAST}).`,
  ].join("\n");
}
