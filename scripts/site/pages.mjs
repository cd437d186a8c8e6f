// What the site's documentation is made of: where each Markdown file goes, and what the navigation calls it.
export const sections = [
  { name: "Headstart", pages: [["README.md", "docs/index.html", "What it is, and how to start"]] },
  {
    name: "Guides",
    pages: [
      ["docs/guides/embed.md", "docs/guides/embed.html", "Into your app"],
      ["docs/guides/private-pictures.md", "docs/guides/private-pictures.html", "Private pictures"],
      ["docs/guides/text-triage.md", "docs/guides/text-triage.html", "Text triage"],
      ["docs/guides/python.md", "docs/guides/python.html", "On to Python"],
    ],
  },
  {
    name: "In detail",
    pages: [
      ["docs/native.md", "docs/native.html", "From a shell"],
      ["docs/exports.md", "docs/exports.html", "Exported models"],
      ["docs/packs.md", "docs/packs.html", "Packs: the backbone"],
      ["docs/project-format.md", "docs/project-format.html", "The project file"],
      ["examples/dask/README.md", "docs/dask.html", "On many processes"],
    ],
  },
  {
    name: "Behind it",
    pages: [
      ["ARCHITECTURE.md", "docs/architecture.html", "Architecture"],
      ["BENCHMARKS.md", "docs/benchmarks.html", "Benchmarks"],
      ["CHANGELOG.md", "docs/changelog.html", "Changelog"],
    ],
  },
];

/** Path in the repository → path on the site, of all that documents may link to. */
export const places = new Map([
  ...sections.flatMap(({ pages }) => pages.map(([from, to]) => [from, to])),
  ["pkg/index.d.ts", "docs/reference/modules/headstart.html"],
  ["pkg/predict.d.ts", "docs/reference/modules/headstart_predict.html"],
  ["examples/dask", "docs/dask.html"],
  ["www/examples", "examples/"],
  ...["sorter", "triage", "predict"].map((name) => [`www/examples/${name}`, `examples/${name}/`]),
]);
