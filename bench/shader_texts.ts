// The bench's own shaders, read in Node: the page gets them from there.
import { readFileSync } from "node:fs";
import type { RoofShaders } from "./roofs.ts";

export function roofShaders(): RoofShaders {
  const read = (name: string) => readFileSync(new URL(`./shaders/${name}.wgsl`, import.meta.url), "utf8");
  return { peak: read("peak_fma"), stream: read("stream") };
}
