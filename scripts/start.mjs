// Set up, build, serve the page.
import { build } from "./build.mjs";
import { root } from "./paths.mjs";
import { main } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await setup();
  await build();
  const { preview } = await import("vite");
  const server = await preview({ root, preview: { port: 4173 } });
  console.log(`\nReady to train: ${server.resolvedUrls.local[0]}   (Ctrl+C ends it)`);
});
