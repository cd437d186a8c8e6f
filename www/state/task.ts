// Pictures or texts: the page's address says which, so that a link leads to either.
export const task: "image" | "text" = new URLSearchParams(location.search).get("task") === "text" ? "text" : "image";

/** What a sample is called. */
export const noun = task === "text" ? "text" : "picture";
export const nouns = `${noun}s`;
