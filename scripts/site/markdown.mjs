// Markdown → HTML: headings that can be linked to, highlighted code, links that hold on the site.
import { posix } from "node:path";
import { Stop } from "../run.mjs";
import { places } from "./pages.mjs";

/** `tools`: requires what the site is built with. → a function of a document's text, its place in the repository and on the site. */
export function renderer(tools) {
  const highlighter = tools("highlight.js/lib/common");
  const markdown = tools("markdown-it")({ html: true, highlight });
  const { fence, table_open: table } = markdown.renderer.rules;
  // What is wider than a telephone scrolls by itself, and by the keyboard.
  markdown.renderer.rules.fence = (tokens, i, ...rest) => {
    const [, name] = tokens[i].info.trim().split(/\s+/);
    const code = fence(tokens, i, ...rest).replace("<pre>", '<pre tabindex="0">');
    return name ? `<p class="file">${name}</p>${code}` : code;
  };
  markdown.renderer.rules.table_open = (...given) => `<div class="wide" tabindex="0">${table?.(...given) ?? "<table>"}`;
  markdown.renderer.rules.table_close = () => "</table></div>\n";
  markdown.core.ruler.push("anchors", anchors);

  function highlight(code, language) {
    if (!highlighter.getLanguage(language)) return "";
    return highlighter.highlight(code, { language }).value;
  }

  return (text, from, to) => ({
    title: text.match(/^# (.*)/m)[1],
    // A heading of a column that says nothing is none.
    html: markdown.render(text).replaceAll("<th></th>", "<td></td>").replace(/(href|src)="([^"]+)"/g, (whole, attribute, link) => `${attribute}="${onSite(link, from, to)}"`),
  });
}

/** Each heading gets an id as code hosts give it, so that a link works in both places, and is a link to itself. */
function anchors({ tokens, Token }) {
  const taken = new Map();
  tokens.forEach((token, i) => {
    if (token.type !== "heading_open") return;
    const inline = tokens[i + 1];
    const words = inline.children.map(({ content }) => content).join("");
    const slug = words.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
    const times = taken.get(slug) ?? 0;
    taken.set(slug, times + 1);
    const id = times ? `${slug}-${times}` : slug;
    token.attrSet("id", id);
    if (token.tag === "h1" || inline.children.some(({ type }) => type === "link_open")) return;
    const open = new Token("link_open", "a", 1);
    open.attrSet("href", `#${id}`);
    inline.children = [open, ...inline.children, new Token("link_close", "a", -1)];
  });
}

function onSite(link, from, to) {
  if (/^([a-z]+:|#)/.test(link)) return link;
  const [path, hash] = link.split("#");
  const source = posix.join(posix.dirname(from), path).replace(/\/$/, "");
  const place = places.get(source) ?? (source.startsWith("docs/pictures/") ? source : undefined);
  if (place === undefined) throw new Stop(`${from} links to ${link}, which is not on the site: scripts/site/pages.mjs lists what is`);
  const relative = posix.relative(posix.dirname(to), place) || ".";
  return relative + (place.endsWith("/") ? "/" : "") + (hash ? `#${hash}` : "");
}
