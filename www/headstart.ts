// The package, loaded as it ships: from the folder beside the page, not bundled into it.
const address = new URL("headstart/index.js", document.baseURI).href;

export const { createLearner, HeadstartError } = (await import(/* @vite-ignore */ address)) as typeof import("headstart");
