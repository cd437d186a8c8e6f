// A plain static server for tests and benches: no special headers, like the hosts people have.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** `mounts`: folder by first path part. `/` is an empty page. → `{ origin, close }`. */
export async function serve(mounts, { port = 0, headers = {} } = {}) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const [, first, ...rest] = path.split("/");
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (path === "/" && !("" in mounts)) {
      response.setHeader("content-type", TYPES[".html"]);
      return response.end('<!doctype html><html lang="en"><title>test</title><link rel="icon" href="data:,">');
    }
    const folder = mounts[first] ?? mounts[""];
    let file = folder && (first in mounts ? join(folder, ...rest) : join(folder, path));
    if (file && existsSync(file) && statSync(file).isDirectory()) file = join(file, "index.html");
    if (!file || !existsSync(file)) {
      response.statusCode = 404;
      return response.end();
    }
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
