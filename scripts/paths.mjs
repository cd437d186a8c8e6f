// Where things are. The cache is outside the checkout, so that a fresh clone on the same machine starts warm.
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const cache =
  process.env.HEADSTART_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "headstart");
export const target = process.env.CARGO_TARGET_DIR ?? join(cache, "target");
/** What tests/packaging builds apps with. */
export const packaging = join(cache, "packaging");
/** What scripts/site.mjs builds with. */
export const siteTools = join(cache, "site");
export const packs = join(cache, "packs");
export const pkg = join(root, "pkg");
/** The modules' own JavaScript, before it is bundled. */
export const generated = join(pkg, "src/generated");
export const dist = join(root, "dist");
/** Page, documentation and examples, for a static host. */
export const site = join(root, "target/site");
export const shared = join(root, "..", "shared");
