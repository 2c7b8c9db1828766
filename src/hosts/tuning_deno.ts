// Tuning tables under Deno: the files of tuning_file.ts, where Deno was started with the permissions to see HOME and to read
// and write them. It is never made to ask; without them tables live as long as the device.

import { slug, type TuningStore } from "./autotune.ts";

type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "read" | "write"; readonly path: string };

/** The part of Deno that this needs. */
interface DenoLike {
  readonly permissions: { query(what: Permission): Promise<{ readonly state: string }> };
  readonly env: { get(name: string): string | undefined };
  readTextFile(path: string): Promise<string>;
  writeTextFile(path: string, text: string): Promise<void>;
  mkdir(path: string, options: { recursive: boolean }): Promise<void>;
}

export function denoTuningFiles(): TuningStore {
  const { Deno: deno } = globalThis as unknown as { Deno: DenoLike };
  const allowed = async (what: Permission) => (await deno.permissions.query(what)).state === "granted";
  const variable = async (name: string) =>
    (await allowed({ name: "env", variable: name })) ? deno.env.get(name) : undefined;
  const folder = async (mode: "read" | "write"): Promise<string | null> => {
    const cache = await variable("XDG_CACHE_HOME");
    const home = await variable("HOME");
    const base = cache ?? (home && `${home}/.cache`);
    const path = base && `${base}/wgrad/tuning`;
    return path && (await allowed({ name: mode, path })) ? path : null;
  };
  return {
    place: (adapter) => `the cache folder's wgrad/tuning/${slug(adapter)}.json`,
    load: async (adapter) => {
      const path = await folder("read");
      return path === null ? null : deno.readTextFile(`${path}/${slug(adapter)}.json`).catch(() => null);
    },
    save: async (adapter, text) => {
      const path = await folder("write");
      if (path === null) return;
      await deno.mkdir(path, { recursive: true });
      await deno.writeTextFile(`${path}/${slug(adapter)}.json`, text);
    },
  };
}
