import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses, so that dist/ works under any path.
  base: "./",
  worker: { format: "es" },
  build: { outDir: "dist", target: "es2022", emptyOutDir: true, chunkSizeWarningLimit: 900 },
});
