// The site: page, documentation, reference and examples in one folder, for any static host and any path.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "./build.mjs";
import { dist, root, site, siteTools } from "./paths.mjs";
import { Stop, main, step } from "./run.mjs";
import { setup, toolsApart } from "./setup.mjs";
import { layout } from "./site/layout.mjs";
import { brokenLinks } from "./site/links.mjs";
import { renderer } from "./site/markdown.mjs";
import { sections } from "./site/pages.mjs";
import { reference } from "./site/reference.mjs";

/** From what is in dist/ and pkg/ now. */
export async function makeSite() {
  await step("site tools", () => toolsApart("scripts/site", siteTools));
  const tools = createRequire(join(siteTools, "package.json"));
  rmSync(site, { recursive: true, force: true });
  await step("site: page and examples", pageAndExamples);
  await step("site: documentation", () => documentation(tools));
  await step("site: reference", () => reference(tools, join(site, "docs/reference")));
  await step("site: links", () => {
    const broken = brokenLinks(site);
    if (broken.length > 0) throw new Stop(`links of the site are broken:\n${broken.join("\n")}`);
  });
}

function pageAndExamples() {
  cpSync(dist, site, { recursive: true });
  cpSync(join(root, "www/examples"), join(site, "examples"), { recursive: true });
  // The page by itself, as `npm run build` makes it, has nothing beside it to link to.
  const index = join(site, "index.html");
  const footer = '<footer class="title soft"><p><a href="docs/">Docs</a> <a href="docs/reference/modules/headstart.html">Reference</a> <a href="examples/">Examples</a></p></footer>';
  const page = readFileSync(index, "utf8");
  const mark = '<div id="root"></div>';
  if (!page.includes(mark)) throw new Stop(`the page has no ${mark} to put links under`);
  writeFileSync(index, page.replace(mark, `${mark}\n    ${footer}`));
}

function documentation(tools) {
  const render = renderer(tools);
  const pages = sections.flatMap((section) => section.pages);
  for (const [from, to] of pages) {
    mkdirSync(dirname(join(site, to)), { recursive: true });
    writeFileSync(join(site, to), layout({ ...render(readFileSync(join(root, from), "utf8"), from, to), to }));
  }
  cpSync(join(root, "docs/pictures"), join(site, "docs/pictures"), { recursive: true });
  cpSync(join(root, "scripts/site/style.css"), join(site, "docs/style.css"));
  cpSync(join(root, "www/style/tokens.css"), join(site, "docs/tokens.css"));
  return `${pages.length} pages`;
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await setup();
    await build();
    await makeSite();
    console.log(`\nThe site is in ${site}`);
  });
}
