// `npm run site`: builds the site and serves the files on 127.0.0.1. `--build` only builds; `--dev` serves the sources with reloading.

import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { build, createServer, preview } from "vite";

const configFile = fileURLToPath(new URL("../site/vite.config.ts", import.meta.url));

new Command("site")
  .option("--build", "build into dist-site/ and stop")
  .option("--dev", "serve the sources, reloading at changes")
  .option("--port <n>", "port on 127.0.0.1", "4173")
  .action(async (options: { build?: boolean; dev?: boolean; port: string }) => {
    const port = Number(options.port);
    if (options.dev) {
      const server = await createServer({ configFile, server: { host: "127.0.0.1", port } });
      await server.listen();
      server.printUrls();
      return;
    }
    await build({ configFile, logLevel: "warn" });
    if (options.build) return;
    const server = await preview({ configFile, preview: { host: "127.0.0.1", port } });
    server.printUrls();
  })
  .parse();
