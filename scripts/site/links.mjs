// Whether every link of a folder of pages leads somewhere: relative ones to a file that is there, with its anchor.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** → what is broken, as sentences. Links to other servers are not looked at. */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(".html")).map((name) => join(folder, name));
  const anchors = new Map();
  const broken = [];
  for (const page of pages) {
    const say = (link, why) => broken.push(`${relative(folder, page)}: ${link} ${why}`);
    for (const link of linksOf(page)) {
      if (/^[a-z]+:/.test(link)) continue;
      if (link.startsWith("/")) {
        say(link, "does not work under a path");
        continue;
      }
      const [path, anchor] = link.split("#").map(decodeURIComponent);
      let target = path === "" ? page : join(dirname(page), path.split("?")[0]);
      if (relative(folder, target).startsWith(`..${sep}`) || !existsSync(target)) {
        say(link, "leads nowhere");
        continue;
      }
      if (statSync(target).isDirectory()) {
        if (!target.endsWith(sep)) say(link, "is a folder without its slash");
        target = join(target, "index.html");
      }
      if (!existsSync(target)) say(link, "is a folder without a page");
      else if (anchor && target.endsWith(".html")) {
        if (!anchors.has(target)) anchors.set(target, anchorsOf(target));
        if (!anchors.get(target).has(anchor)) say(link, "has no such anchor");
      }
    }
  }
  return broken;
}

const linksOf = (page) => all(page, /<[a-z][^>]*?\s(?:href|src)="([^"]*)"/g).map((link) => link.replaceAll("&amp;", "&")).filter((link) => link !== "");
const anchorsOf = (page) => new Set(all(page, /<[a-z][^>]*?\s(?:id|name)="([^"]*)"/g));
const all = (page, pattern) => [...markup(page).matchAll(pattern)].map(([, found]) => found);

/** Without what only looks like it: scripts, and comments. */
const markup = (page) => readFileSync(page, "utf8").replace(/<!--[^]*?-->|<script[^>]*>[^]*?<\/script>/g, (part) => part.match(/^<script[^>]*>/)?.[0] ?? "");
