// Fresh apps with the packed tarball in them.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { pack } from "../../scripts/pack.mjs";
import { dist, packaging, root, shared } from "../../scripts/paths.mjs";
import { run } from "../../scripts/run.mjs";

// Inside the folder that set-up installed bundlers into: every app finds them above itself.
const folder = mkdtempSync(join(packaging, "apps-"));
after(() => rmSync(folder, { recursive: true }));

export const packed = await pack(folder);

/** Of two classes: photographs where ../shared is, the sample drawings otherwise. */
const pictures = join(folder, "pictures");
const LIST = await collect();

/** A folder of its own for an app, with the package installed. `sources`: names under apps/, copied one over the other. */
export async function app(name, ...sources) {
  const home = join(folder, name);
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }\n');
  for (const source of sources) cpSync(join(root, "tests/packaging/apps", source), home, { recursive: true });
  await run("npm", ["install", packed.tarball, "--offline", "--ignore-scripts", "--no-package-lock"], { cwd: home, quiet: true });
  return home;
}

/** Lays the pictures, and `pictures.json` which lists them, into a folder that an app is served from. */
export function withPictures(to) {
  mkdirSync(to, { recursive: true });
  cpSync(pictures, join(to, "pictures"), { recursive: true });
  writeFileSync(join(to, "pictures.json"), JSON.stringify(LIST));
  return to;
}

/** Their paths on this disk, by class. */
export function picturesOf(label) {
  return LIST.filter((picture) => picture.label === label).map(({ url }) => join(folder, url));
}

async function collect() {
  const photographs = join(shared, "data/clothing10/train");
  let from = photographs;
  if (!existsSync(from)) {
    from = join(folder, "drawings");
    await run("python3", ["-m", "zipfile", "-e", join(dist, "drawings/train.zip"), from]);
  }
  const [one, other] = existsSync(photographs) ? ["hat", "pants"] : ["fish", "house"];
  return [one, other].flatMap((label) => {
    const names = readdirSync(join(from, label)).sort().slice(0, 6);
    return names.map((name, i) => {
      const url = `pictures/${label}-${i}${name.slice(name.lastIndexOf("."))}`;
      mkdirSync(pictures, { recursive: true });
      writeFileSync(join(folder, url), readFileSync(join(from, label, name)));
      return { url, label };
    });
  });
}
