// The README's pictures, from those that the page's tests took last. `npm test` first.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";
import { Stop, main } from "./run.mjs";

const pictures = { "1280-light-4-trained.png": "page-light.png", "390-dark-4-trained.png": "page-dark-narrow.png", "text-1280-light-3-trained.png": "page-texts.png" };

await main(async () => {
  mkdirSync(join(root, "docs/pictures"), { recursive: true });
  for (const [taken, shown] of Object.entries(pictures)) {
    const from = join(root, "tests/output", taken);
    if (!existsSync(from)) throw new Stop(`${from} is not here: \`npm test\` takes it`);
    copyFileSync(from, join(root, "docs/pictures", shown));
  }
});
