// Takes the shaders out of the scripts: those that a build reaches go into one JSON file, name -> shader. The generated module of a
// shader then asks engine/shader_data.ts for it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const DATA = fileURLToPath(new URL("../engine/shader_data.ts", import.meta.url));
const SHADERS = new URL("../../shaders/", import.meta.url);
/** One line of a generated module: its literal is JSON but for `as string`. */
const LITERAL = /^export const (\w+) = (\{.*\}) as const satisfies .*;$/m;

/** `inside` goes to the bundle of the worker and collects, `beside` to the site's and writes the file. */
export function shaderFile(): { inside: () => Plugin; beside: () => Plugin } {
  const all = new Map<string, unknown>();
  /** Of those, what is left when unused modules have been dropped. */
  const used = new Map<string, unknown>();
  const name = `shaders-${hashOfAll()}.json`;
  return {
    inside: () => ({
      name: "wgrad-shaders-inside",
      apply: "build",
      enforce: "pre",
      transform(code, id) {
        if (id === DATA) return code.replace('"@shaders"', JSON.stringify(name));
        if (!id.includes("/shaders.gen/")) return;
        const [, shader, literal] = LITERAL.exec(code) ?? [];
        if (!shader || !literal) throw new Error(`${id} has another form than build/shaders.ts knows`);
        const { variants: _, ...kept } = JSON.parse(literal.replaceAll('" as string', '"')) as Record<
          string,
          unknown
        >; // tests' own
        all.set(shader, kept);
        return `import { shaderNamed } from ${JSON.stringify(DATA)};\nexport const ${shader} = /* @__PURE__ */ shaderNamed(${JSON.stringify(shader)});\n`;
      },
      generateBundle(_, bundle) {
        for (const chunk of Object.values(bundle))
          for (const [id, { renderedLength }] of Object.entries(
            chunk.type === "chunk" ? chunk.modules : {},
          )) {
            const [, name] = /\/shaders\.gen\/(\w+)\.ts$/.exec(id) ?? [];
            if (name && renderedLength > 0) used.set(name, all.get(name));
          }
      },
    }),
    beside: () => ({
      name: "wgrad-shaders-beside",
      apply: "build",
      generateBundle() {
        const source = JSON.stringify(Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1))));
        this.emitFile({ type: "asset", fileName: name, source });
      },
    }),
  };
}

/** Of every shader there is: which ones a build reaches is not known yet when the name is needed. */
function hashOfAll(): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(SHADERS, { recursive: true, encoding: "utf8" }).sort())
    if (file.endsWith(".wgsl")) hash.update(file).update(readFileSync(new URL(file, SHADERS)));
  return hash.digest("hex").slice(0, 8);
}
