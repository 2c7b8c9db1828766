// Tuning tables under Node: one JSON file an adapter in the user's cache folder (XDG_CACHE_HOME, ~/Library/Caches,
// LOCALAPPDATA, else ~/.cache).

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { slug, type TuningStore } from "./autotune.ts";
import { type Machine, thisMachine } from "./machine.ts";

/** Where this user's programs keep what they can make again. */
export function cacheFolder({ platform, env, home }: Machine): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (platform === "darwin") return join(home, "Library", "Caches");
  if (platform === "win32") return env.LOCALAPPDATA ?? join(home, "AppData", "Local");
  return join(home, ".cache");
}

export function tuningFiles(machine: Machine = thisMachine()): TuningStore {
  const place = (adapter: string) => join(cacheFolder(machine), "wgrad", "tuning", `${slug(adapter)}.json`);
  return {
    place,
    load: async (adapter) => {
      try {
        return readFileSync(place(adapter), "utf8");
      } catch {
        return null;
      }
    },
    save: async (adapter, text) => {
      const file = place(adapter);
      const temporary = `${file}.${process.pid}.tmp`;
      mkdirSync(dirname(file), { recursive: true });
      try {
        writeFileSync(temporary, text);
        renameSync(temporary, file); // at once or not at all
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    },
  };
}
