// Adds the program files of record.ts to the site. Where this machine has no adapter at all the site is built without them: Home then
// waits for the engine.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Plugin } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** By name. Throws where nothing could be recorded. */
async function record(): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), "wgrad-recordings-"));
  try {
    const script = join(ROOT, "site/build/record.ts");
    await promisify(execFile)(process.execPath, ["--import", "tsx", script, folder], { cwd: ROOT });
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function recordings(): Plugin {
  let made: ReturnType<typeof record> | null = null;
  return {
    name: "wgrad-recordings",
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const name = request.url?.split("?")[0]?.split("/").at(-1);
        if (!name?.endsWith(".bin")) return next();
        made ??= record();
        const file = (await made.catch(() => null))?.get(name);
        if (!file) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(file);
      });
    },
    async generateBundle() {
      made ??= record();
      const files = await made.catch((error: Error) => {
        this.warn(
          `Home will wait for the engine: nothing could be recorded on this machine. ${error.message}`,
        );
        return new Map<string, Buffer>();
      });
      for (const [fileName, source] of files) this.emitFile({ type: "asset", fileName, source });
    },
  };
}
