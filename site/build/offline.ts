// The service worker: its list of files is the build's, its version their hash. Text of the worker: ../offline_worker.js.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

export function offline(): Plugin {
  return {
    name: "wgrad-offline",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((file) => !file.endsWith(".map"));
      const hash = createHash("sha256");
      for (const file of files.sort()) {
        const output = bundle[file]!;
        hash.update(file).update(output.type === "chunk" ? output.code : output.source);
      }
      const text = readFileSync(fileURLToPath(new URL("../offline_worker.js", import.meta.url)), "utf8");
      const list = JSON.stringify(["./", ...files]);
      const version = hash.digest("hex").slice(0, 16);
      this.emitFile({
        type: "asset",
        fileName: "offline_worker.js",
        source: text.replace('"@version"', JSON.stringify(version)).replace('["@files"]', list),
      });
    },
  };
}
