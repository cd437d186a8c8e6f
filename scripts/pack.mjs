// The package as a registry would get it, and what it weighs. Nothing is published.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { pkg, root } from "./paths.mjs";
import { main, run, step } from "./run.mjs";

/** → `{ tarball, bytes, files: [{ path, size }] }`, of what is in pkg/ now. */
export async function pack(to) {
  mkdirSync(to, { recursive: true });
  const said = await run("npm", ["pack", pkg, "--json", "--loglevel=error", "--pack-destination", to], { quiet: true });
  const [{ filename, size, files }] = JSON.parse(said);
  return { tarball: join(to, filename), bytes: size, files: files.map(({ path, size }) => ({ path, size })) };
}

/** Of the files' sizes, as Markdown; weights hardly get smaller, so brotli is told of code alone. */
function table({ tarball, bytes, files }) {
  const number = (n) => n.toLocaleString("en");
  const brotli = (path) => {
    if (!/\.(js|wasm)$/.test(path)) return "";
    const raw = readFileSync(join(pkg, path));
    return number(brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length, [constants.BROTLI_PARAM_QUALITY]: 11 } }).length);
  };
  const rows = files.toSorted((a, b) => b.size - a.size).map(({ path, size }) => `| ${path} | ${number(size)} | ${brotli(path)} |`);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  return ["| file | bytes | brotli -11 |", "|---|---|---|", ...rows, "", `${files.length} files, ${number(total)} bytes; ${tarball}: ${number(bytes)} bytes`].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const [{ setup }, { build }] = await Promise.all([import("./setup.mjs"), import("./build.mjs")]);
    await setup();
    await build();
    await step("package", async () => console.log(table(await pack(join(root, "target/package")))));
  });
}
