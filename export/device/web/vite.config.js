import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that `dist/` works in any folder of any server.
  base: "./",
  // A file that is missing is a 404, not the page.
  appType: "mpa",
  // LiteRT.js loads its WebAssembly with `importScripts`, which only a classic worker has.
  worker: { format: "iife" },
});
