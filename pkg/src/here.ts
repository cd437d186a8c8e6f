/**
 * The address that the package runs from, for what only a run knows the name of. Not in `new URL(…, import.meta.url)`, which bundlers would
 * look into; in an app that was bundled it is the bundle's, or nothing that can be fetched.
 */
export const here = import.meta.url;
