// The layer order of the house, read from the imports: each folder may import only those before it.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** From the ground up; folders on one line are siblings that may not import each other. */
const FLOORS = [
  ["gpu"],
  ["tensor"],
  ["replay"],
  ["kernels"],
  ["functional"],
  ["layers", "optim"],
  ["models"],
  ["io"],
  ["data"],
  ["train"],
  ["selftest"],
  ["hosts"],
  ["cli"],
];

/** Public faces: they may import everything, and nothing below may import them. */
const FACES = ["index.ts", "node.ts", "fluent.ts"];

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return name.endsWith(".ts") ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((m) => m[1]);
  return found.map((path) => relative(SRC, resolve(dirname(file), path)));
}

function floorOf(path: string): number {
  const room = path.split("/")[0];
  return FLOORS.findIndex((f) => f.includes(room));
}

const files = sources(SRC).map((f) => relative(SRC, f));

describe("architecture", () => {
  test("every file stands on a floor or is a face", () => {
    const homeless = files.filter((f) => floorOf(f) < 0 && !FACES.includes(f));
    expect(homeless).toEqual([]);
  });

  test("imports run downwards", () => {
    const wrong: string[] = [];
    for (const file of files.filter((f) => floorOf(f) >= 0)) {
      const [from, room] = [floorOf(file), file.split("/")[0]];
      for (const target of importsOf(join(SRC, file))) {
        if (target.startsWith("..")) continue; // package.json
        const to = floorOf(target);
        if (to > from || to < 0 || (to === from && target.split("/")[0] !== room))
          wrong.push(`${file} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("only src/kernels and primitives.ts turn shaders into kernels", () => {
    const callers = files.filter((f) => /\bkernel\(/.test(readFileSync(join(SRC, f), "utf8")));
    const wrong = callers.filter(
      (f) => !f.startsWith("kernels/") && !["tensor/primitives.ts", "gpu/kernel.ts"].includes(f),
    );
    expect(wrong).toEqual([]);
  });

  test("only hosts ask for an adapter", () => {
    const callers = files.filter((f) => /\.requestAdapter\(/.test(readFileSync(join(SRC, f), "utf8")));
    expect(callers.filter((f) => !f.startsWith("hosts/"))).toEqual([]);
  });

  test("no drawer for odds and ends", () => {
    expect(files.filter((f) => /(^|\/)(utils?|common|helpers?|misc)(\/|\.ts$)/.test(f))).toEqual([]);
  });
});
