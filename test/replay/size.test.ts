// What a page pays for `wgrad/replay`: few kilobytes, and nothing of the engine but its errors and dtypes.

import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { expect, test } from "vitest";

const MOST_BYTES = 6000;

test("wgrad/replay is small and brings no engine", async () => {
  const built = (await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: true,
      lib: { entry: "src/replay/index.ts", formats: ["es"], fileName: "replay" },
    },
  })) as Rolldown.RolldownOutput[];
  const [chunk, ...rest] = built[0]!.output;
  expect(rest).toEqual([]);
  const modules = chunk.moduleIds.map((id) => id.replace(/.*\/src\//, "")).sort();
  expect(modules.filter((id) => !id.startsWith("replay/"))).toEqual([
    "gpu/errors.ts",
    "tensor/dtype.ts",
    "tensor/half.ts",
  ]);
  expect(gzipSync(chunk.code).length).toBeLessThan(MOST_BYTES);
});
