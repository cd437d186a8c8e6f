// The reference, from the package's types, by TypeDoc.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pkg } from "../paths.mjs";
import { Stop } from "../run.mjs";

/** By the file that they come from, as an app imports them. */
const NAMES = { index: "headstart", predict: "headstart/predict" };

/** `tools`: requires what the site is built with. */
export async function reference(tools, to) {
  const { Application } = await import(pathToFileURL(tools.resolve("typedoc")).href);
  const app = await Application.bootstrap({
    name: "Headstart",
    entryPoints: Object.keys(NAMES).map((name) => join(pkg, `${name}.d.ts`)),
    tsconfig: join(import.meta.dirname, "tsconfig.json"),
    customCss: join(import.meta.dirname, "reference.css"),
    out: to,
    // As they are told, not by the alphabet: what comes first is read first.
    sort: ["source-order"],
    readme: "none",
    disableGit: true,
    disableSources: true,
    hideGenerator: true,
    githubPages: false,
    navigationLinks: { Docs: "site:docs/", Examples: "site:examples/", "The page": "site:" },
    logLevel: "Warn",
  });
  // TypeDoc writes these links as they are into pages of any depth.
  app.renderer.on("endPage", (page) => {
    page.contents = page.contents.replaceAll('"site:', `"${"../".repeat(page.url.split("/").length + 1)}`);
  });
  const project = await app.convert();
  for (const module of project?.children ?? []) module.name = NAMES[module.name];
  if (project) app.validate(project);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) throw new Stop("TypeDoc has something to say about the types");
  await app.generateOutputs(project);
  return `${project.children.reduce((sum, { children }) => sum + children.length, 0)} names`;
}
