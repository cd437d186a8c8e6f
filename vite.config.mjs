import { defineConfig } from "vite";

export default defineConfig({
  // Relative addresses, so that dist/ works under any path.
  base: "./",
  build: { outDir: "dist", target: "es2022", emptyOutDir: true },
});
