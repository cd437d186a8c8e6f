// Workers that the page's own Content Security Policy holds, and whose requests are counted.
//
// A worker from an address has the policy of that address's response, and a plain static server sends none. One from a
// blob has the policy of the page that made it: what the page may not reach, it may not reach either.
import watchScript from "./watch?worker&url";
import { channelName } from "./requests";

export function caged(script: string): Worker {
  const absolute = (address: string) => JSON.stringify(new URL(address, document.baseURI).href);
  const source = `import ${absolute(watchScript)}; import ${absolute(script)};`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Worker(url, { type: "module", name: channelName });
}
