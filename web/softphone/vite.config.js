import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  resolve: { alias: { rvoip: fileURLToPath(new URL("../dist/index.js", import.meta.url)) } },
  server: { fs: { allow: [".."] } },
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, target: "es2022" },
});
