// The frame of every page of the documentation. It has no scripts.
import { posix } from "node:path";
import { sections } from "./pages.mjs";

const POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

export function layout({ title, html, to }) {
  const link = (place) => (posix.relative(posix.dirname(to), place) || ".") + (place.endsWith("/") ? "/" : "");
  const item = ([, place, name]) => `<li><a href="${link(place)}"${place === to ? ' aria-current="page"' : ""}>${name}</a></li>`;
  const section = ({ name, pages }) => `<h2>${name}</h2>\n<ul>\n${pages.map(item).join("\n")}\n</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${plain(title)}${title === "Headstart" ? "" : " · Headstart"}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${link("docs/tokens.css")}">
<link rel="stylesheet" href="${link("docs/style.css")}">
</head>
<body>
<header>
<a class="name" href="${link("./")}">Headstart</a>
<nav aria-label="Site"><a href="${link("docs/index.html")}">Docs</a> <a href="${link("docs/reference/modules/headstart.html")}">Reference</a> <a href="${link("examples/")}">Examples</a> <a class="narrow" href="#pages">Pages</a></nav>
</header>
<main>
${html}</main>
<nav id="pages" aria-label="Documentation">
${sections.map(section).join("\n")}
</nav>
</body>
</html>
`;
}

const plain = (title) => title.replace(/`/g, "").replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));
