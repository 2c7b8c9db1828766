// Reflection of shader files: the data of a sound one, and each broken convention with its file and line.
import { describe, expect, it } from "vitest";
import { reflectScalars, reflectShader, withImports } from "../../scripts/reflect.ts";

const files: Record<string, string> = {
  "lib.wgsl": "// import more.wgsl\nfn twice(x: f32) -> f32 { return 2.0 * x; }\n",
  "more.wgsl": "// import lib.wgsl\nconst MORE: i32 = -3;\n",
};
function reflect(text: string) {
  const all: Record<string, string> = { ...files, "a.wgsl": text };
  return reflectShader(withImports("a.wgsl", Object.keys(all), (f) => all[f]!));
}
const MAIN = "@compute @workgroup_size(WG, 2) fn main() {}";
const buffer = (i: number, group = 0) =>
  `@group(${group}) @binding(${i}) var<storage, read> x${i}: array<f32>;\n`;

describe("reflectShader", () => {
  it("gives bindings, params, constants, entries, hooks and variants", () => {
    const shader = reflect(`// @variant TM=8 T=i32 entry=main
alias T = f32;
override WG: u32 = 64;
const TM = 2u * 2u;
struct Params { n: u32, alpha: f32, k: i32 }
@group(0) @binding(0) var<storage, read> x: array<vec4<T>>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;
@group(0) @binding(2) var<uniform> params: Params;
fn apply(x: T) -> T { return x / (x * x) % x; }
${MAIN}`);
    expect(shader).toMatchObject({
      file: "a.wgsl",
      bindings: {
        x: { binding: 0, access: "read", type: "vec4<T>" },
        y: { binding: 1, access: "read_write", type: "T" },
      },
      params: {
        n: { type: "u32", offset: 0 },
        alpha: { type: "f32", offset: 4 },
        k: { type: "i32", offset: 8 },
      },
      paramsBinding: 2,
      paramsBytes: 12,
      overrides: { WG: 64 },
      consts: { TM: 4 },
      aliases: { T: "f32" },
      entries: { main: { workgroupSize: ["WG", 2, 1] } },
      hooks: ["apply"],
      variants: [{ entry: "main", constants: { TM: 8 }, types: { T: "i32" } }],
    });
  });

  it("appends imports once, after the file, even where they import each other", () => {
    const shader = reflect(`// import lib.wgsl\n// import more.wgsl\noverride WG: u32 = 1;\n${MAIN}\n`)!;
    expect(shader.code.split("\n")[3]).toBe(MAIN);
    expect(shader.code.match(/fn twice/g)).toHaveLength(1);
    expect(shader.consts).toEqual({ MORE: -3 });
  });

  it("takes a file without entry point for a library", () => {
    expect(reflect("fn f() {}")).toBeNull();
  });

  it("refuses what breaks the conventions, naming file and line", () => {
    const bad = (text: string) => () => reflect(`override WG: u32 = 1;\n${text}\n${MAIN}`);
    expect(bad(buffer(0, 1))).toThrow(/^shaders\/a.wgsl:2: x0 stands in group 1/);
    expect(bad(buffer(1))).toThrow(/x1 has binding 1: number them from 0/);
    expect(bad(Array.from({ length: 9 }, (_, i) => buffer(i)).join(""))).toThrow(
      /:10: x8 is storage buffer 9 of at most 8/,
    );
    const uniform = (binding: number, fields: string) =>
      `struct P { ${fields} }\n@group(0) @binding(${binding}) var<uniform> params: P;`;
    expect(bad(uniform(1, "n: u32"))).toThrow(/:3: params has binding 1: it comes last, at 0/);
    expect(bad(uniform(0, "n: vec2<u32>"))).toThrow(/:2: params.n is vec2<?.*: only u32, i32 and f32/);
    expect(bad("const WG: u32 = 2;")).toThrow(/:2: WG is declared twice/);
    expect(bad("// import gone.wgsl")).toThrow(/:2: imports gone.wgsl, which does not exist/);
    expect(bad("// @variant TM")).toThrow(/:2: @variant: expected NAME=VALUE/);
    expect(() => reflect("@compute fn main() {}")).toThrow(/main has no @workgroup_size/);
  });
});

describe("reflectScalars", () => {
  const scalars = (code: string) => reflectScalars(withImports("s.wgsl", ["s.wgsl"], () => code));

  it("gives code, calls and types", () => {
    expect(
      scalars(
        "alias T = f32;\nfn a(x: T, y: f32) -> u32 { /* c() */ return b(x); }\nfn b(x: T) -> u32 { return 1u; }",
      ),
    ).toMatchObject({
      a: { calls: ["b"], args: 2, types: ["T", "f32"], returns: "u32" },
      b: { calls: [], args: 1, types: ["T"], code: "fn b(x: T) -> u32 { return 1u; }" },
    });
  });
  it("refuses what is no function", () => {
    expect(() => scalars("const A = 1;")).toThrow(/s.wgsl:1: const A: only functions/);
  });
});
