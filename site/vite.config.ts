// The site: one page with hash routes, so that a run goes on from page to page; static files that can lie under any path.
// The engine runs in a worker of its own. Pictures and the service worker's list are made here (build/).

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { workerChunks } from "./build/chunks.ts";
import { digitsAsset } from "./build/digits.ts";
import { offline } from "./build/offline.ts";
import { recordings } from "./build/recordings.ts";
import { contentSecurityPolicy } from "./build/security.ts";
import { shaderFile } from "./build/shaders.ts";

const shaders = shaderFile();

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  publicDir: "public",
  plugins: [digitsAsset(), recordings(), shaders.beside(), contentSecurityPolicy(), offline()],
  worker: {
    format: "es",
    plugins: () => [shaders.inside()],
    // A kernel that nothing runs falls away with its shader: making the callable has no effect of its own.
    rolldownOptions: {
      treeshake: { manualPureFunctions: ["kernel", "defineKernel"] },
      output: { codeSplitting: workerChunks },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: { host: "127.0.0.1" },
  preview: { host: "127.0.0.1" },
  build: {
    target: "es2022",
    outDir: "../dist-site",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
