// The entries of the package: `wgrad` loads no decoder of files, and a name means the same in all of them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import * as main from "../../src/index.ts";
import config from "../../vite.config.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Packages that a module and what it imports load, types and dynamic imports aside. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, type, from] of text.matchAll(/^(?:im|ex)port( type)? (?:[^;"=]* from )?"([^"]+)";$/gm)) {
    if (type) continue;
    if (from!.startsWith(".")) for (const p of packagesOf(join(dirname(file), from!), seen)) found.add(p);
    else found.add(from!);
  }
  return found;
}

test("wgrad/data brings decoders along, wgrad does not", () => {
  const small = ["wgpu-matrix"];
  const decoders = ["fast-png", "fflate", "nifti-reader-js"];
  expect([...packagesOf(join(ROOT, "src/data/index.ts"))].sort()).toEqual([...decoders, ...small]);
  expect([...packagesOf(join(ROOT, "src/index.ts"))]).toEqual(small);
});

test("what both export is the same", () => {
  const ours = new Map<string, unknown>(Object.entries(main));
  const shared = Object.entries(data).filter(([name]) => ours.has(name));
  expect(shared.map(([name]) => name)).toContain("loadMnist");
  for (const [name, value] of shared) expect(value, name).toBe(ours.get(name));
});

test("each entry of package.json is built", () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { types: string; import: string }>;
  };
  const lib = (config as { build: { lib: { entry: Record<string, string> } } }).build.lib.entry;
  for (const [path, entry] of Object.entries(exports)) {
    if (typeof entry === "string") continue;
    const name = /^\.\/dist\/(\w+)\.js$/.exec(entry.import)![1]!;
    expect(path).toBe(name === "index" ? "." : `./${name}`);
    expect(entry.types).toBe(`./dist/types/${lib[name]!.replace(/\.ts$/, ".d.ts")}`);
  }
});
