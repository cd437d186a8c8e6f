// Native embedding beside PyTorch on the same photographs and the same CPU: pictures a second. `npm run bench -- native`.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cache, packs, root, target } from "../scripts/paths.mjs";

const ROUNDS = 3;
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
      const args = [join(root, "benches/native.py"), join(packs, "efficientnet-lite0-f32"), photos];
      theirs.push(JSON.parse((await exec(python, args, options)).stdout));
    }
    const ways = Object.keys(theirs[0].ways).map((way) => ({ way, perSecond: median(theirs.map(({ ways }) => ways[way])) }));
    return {
      torch: theirs[0].torch,
      pictures: theirs[0].pictures,
      headstart: median(ours),
      headstartOneThread: median(oneThread),
      ways: ways.sort((a, b) => b.perSecond - a.perSecond),
      torchNetworkAlone: median(theirs.map(({ network }) => network)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Pictures a second, all of it: reading, decoding, the network, writing the table. */
async function embed(photos, folder, more = []) {
  const args = ["embed", photos, "--out", join(folder, "rows.parquet"), "--device", "cpu", "--json", ...more];
  const { rows, seconds, rejected } = JSON.parse((await exec(join(target, "debug", "headstart"), args, options)).stdout);
  if (rejected.length > 0 || rows === 0) throw new Error(`${rejected.length} of the pictures were left out`);
  return rows / seconds;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

export function nativeTable({ torch, pictures, headstart, headstartOneThread, ways, torchNetworkAlone }) {
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
  ].join("\n");
}
