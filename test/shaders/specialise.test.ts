// Specialisation: what is replaced, what is unrolled, that comments fool nothing, and every refusal by its message.
import { describe, expect, it } from "vitest";
import { reflectShader, withImports } from "../../scripts/reflect.ts";
import { OptionError } from "../../src/gpu/errors.ts";
import type { Shader } from "../../src/gpu/shader.ts";
import { scalarCode, scalarName, specialise } from "../../src/gpu/specialise.ts";

const TEXT = `// const TM: u32 = 9; is a comment
alias T = f32;
override WG: u32 = 64;
const TM: u32 = 4;
const EPS = 1e-5;
const HALF: u32 = TM / 2u;
const HAS_BIAS: bool = false;
@group(0) @binding(0) var<storage, read_write> y: array<T>;
/* fn apply(x: T) -> T { } */
fn apply(x: T) -> T { if (x > T(0)) { return x; } return T(0); } // keep me
@compute @workgroup_size(WG)
fn main() {
  y[0] = apply(y[1]);
}
`;

function shader(text: string): Shader {
  return reflectShader(withImports("test.wgsl", ["test.wgsl"], () => text))!;
}
const main = (body: string) =>
  shader(`const TM: u32 = 4;\n@compute @workgroup_size(1) fn main() {\n${body}\n}\n`);
const unrolled = (body: string, constants: Record<string, number> = {}) =>
  specialise(main(body), { constants }).code.split("\n").slice(2, -2).join("\n");
const specialised = (options: Parameters<typeof specialise>[1]) => specialise(shader(TEXT), options);

describe("replacement", () => {
  it("leaves a shader without options as it is", () => {
    const { code, overrides, lines } = specialised({});
    expect(code).toBe(TEXT);
    expect(overrides).toEqual({});
    expect(lines).toEqual(TEXT.split("\n").map((_, i) => i + 1));
  });

  it("replaces consts in the text, as their type wants them, and not in comments", () => {
    const { code } = specialised({ constants: { TM: 8, EPS: 1e-8, HAS_BIAS: true } });
    expect(code).toContain("// const TM: u32 = 9; is a comment");
    expect(code).toContain("const TM: u32 = 8u;");
    expect(code).toContain("const EPS = 1e-8;");
    expect(code).toContain("const HAS_BIAS: bool = true;");
  });

  it("gives overrides to the pipeline", () => {
    const { code, overrides } = specialised({ constants: { WG: 128 } });
    expect(code).toBe(TEXT);
    expect(overrides).toEqual({ WG: 128 });
  });

  it("replaces aliases; f16 is enabled on line 1", () => {
    expect(specialised({ types: { T: "i32" } }).code).toContain("alias T = i32;");
    const { code } = specialised({ types: { T: "f16" } });
    expect(code.split("\n")[0]).toBe("enable f16; // const TM: u32 = 9; is a comment");
  });

  it("replaces hooks wholesale and appends text, and knows where each line came from", () => {
    const hook = "fn apply(x: T) -> T {\n  return twice(x);\n}";
    const { code, lines } = specialised({
      hooks: { apply: hook },
      append: "fn twice(x: T) -> T { return x + x; }",
    });
    expect(code).toContain(`*/\n${hook} // keep me\n@compute`);
    expect(code.split("\n").at(-1)).toMatch(/^fn twice/);
    expect(lines.slice(9)).toEqual([10, 10, 10, 11, 12, 13, 14, 15, 0]);
  });

  it("refuses what the shader does not have, listing what it has", () => {
    expect(() => specialised({ constants: { TN: 1 } })).toThrow(
      /test.wgsl has no constant TN; it has WG, TM, EPS, HALF, HAS_BIAS/,
    );
    expect(() => specialised({ types: { U: "f32" } })).toThrow(/no type alias U; it has T/);
    expect(() => specialised({ hooks: { main: "fn main() {}" } })).toThrow(/no hook main; it has apply/);
    expect(() => specialised({ entry: "other" })).toThrow(/no entry point other; it has main/);
    expect(() => specialised({ constants: { TN: 1 } })).toThrow(OptionError);
  });

  it("refuses values that do not fit", () => {
    expect(() => specialised({ constants: { TM: 1.5 } })).toThrow(/TM must be an integer/);
    expect(() => specialised({ constants: { WG: -1 } })).toThrow(/WG must be an integer/);
    expect(() => specialised({ constants: { TM: true } })).toThrow(/TM is a number/);
    expect(() => specialised({ constants: { HAS_BIAS: 1 } })).toThrow(/HAS_BIAS is a bool/);
    expect(() => specialised({ constants: { EPS: Number.NaN } })).toThrow(/EPS must be finite/);
    expect(() => specialised({ types: { T: "f32; fn x() {}" } })).toThrow(/must be the name of a WGSL type/);
    expect(() => specialised({ hooks: { apply: "fn other() {}" } })).toThrow(/must define fn apply/);
  });
});

describe("@unroll", () => {
  it("writes the turns out, one block each", () => {
    expect(unrolled("  // @unroll\n  for (var i = 0u; i < 2u; i++) {\n    a[i] = b.i;\n  }")).toBe(
      "  { /* i = 0u */\n    a[0u] = b.i;\n  }\n  { /* i = 1u */\n    a[1u] = b.i;\n  }",
    );
  });

  it("takes bounds, starts and steps that are constant expressions", () => {
    const turns = (head: string, constants = {}) =>
      [...unrolled(`// @unroll\nfor (${head}) { f(i); }`, constants).matchAll(/f\((.*?)\);/g)].map(
        (m) => m[1],
      );
    expect(turns("var i: u32 = 0; i < TM / 4u; i++", { TM: 8 })).toEqual(["0u", "1u"]);
    expect(turns("var i = 0u; i < TM; i += 2u")).toEqual(["0u", "2u"]);
    expect(turns("var i = -1; i <= 1; i++")).toEqual(["(-1i)", "0i", "1i"]);
    expect(turns("var i = TM; i > 0u; i >>= 1u")).toEqual(["4u", "2u", "1u"]);
    expect(turns("var i = 0u; i < 0u; i++")).toEqual([]);
  });

  it("unrolls nested loops, whose bounds may use the outer variable", () => {
    const code = unrolled(
      "// @unroll\nfor (var i = 0u; i < 3u; i++) {\n// @unroll\nfor (var j = 0u; j < i; j++) { f(i, j); }\n}",
    );
    expect([...code.matchAll(/f\(.*?\)/g)].map(String)).toEqual(["f(1u, 0u)", "f(2u, 0u)", "f(2u, 1u)"]);
  });

  it("leaves other loops, and maps lines to their source", () => {
    const body =
      "for (var k = 0u; k < 9u; k++) { f(k); }\n// @unroll\nfor (var i = 0u; i < 2u; i++) {\n f(i);\n}\ng();";
    const { code, lines } = specialise(main(body));
    const at = (text: string) => code.split("\n").flatMap((l, n) => (l.includes(text) ? [lines[n]] : []));
    expect(at("f(k)")).toEqual([3]);
    expect(at("{ /*")).toEqual([5, 5]);
    expect([...at("f(0u)"), ...at("f(1u)")]).toEqual([6, 6]);
    expect(at("g();")).toEqual([8]);
  });

  it("allows break and continue of inner loops and switches", () => {
    const inner = "for (;;) { if (x) { continue; } break; } switch (x) { default: { break; } }";
    expect(unrolled(`// @unroll\nfor (var i = 0u; i < 1u; i++) { ${inner} }`)).toContain(inner);
  });

  it("refuses what it cannot write out, naming file and line", () => {
    const loop = (head: string, body: string) => () => unrolled(`// @unroll\nfor (${head}) { ${body} }`);
    const head = "var i = 0u; i < 4u; i++";
    expect(loop(head, "if (x) { break; }")).toThrow(/test.wgsl:3: @unroll: the body contains break/);
    expect(loop(head, "switch (x) { default: { continue; } }")).toThrow(/contains continue/);
    expect(loop(head, "i += 1u;")).toThrow(/i is changed/);
    expect(loop(head, "let i = 1u;")).toThrow(/i is declared again/);
    expect(loop("var i = 0u; i < n; i++", "")).toThrow(/n is not a const of this shader/);
    expect(loop("var i = 0u; i < 5000u; i++", "")).toThrow(/more than 4096 turns/);
    expect(loop("var i = 0u; j < 4u; i++", "")).toThrow(/bound must read "i < N"/);
    expect(() => unrolled("// @unroll\nf();")).toThrow(/must stand directly above a for loop/);
  });
});

describe("scalarCode", () => {
  const functions = {
    a: { code: "A", calls: ["b"] },
    b: { code: "B", calls: [] },
    c: { code: "C", calls: ["b"] },
  };
  it("takes what is called, each once", () => {
    expect(scalarCode(functions, ["a", "c"])).toBe("A\nB\nC");
  });
  it("chooses the function of a type before the general one", () => {
    const both = { op_lt: 0, op_lt_f32: 0 };
    expect([scalarName(both, "lt", "f32"), scalarName(both, "lt", "i32")]).toEqual(["op_lt_f32", "op_lt"]);
    expect(() => scalarName(both, "gt", "f32")).toThrow(/no scalar function op_gt/);
  });
  it("refuses an unknown function", () => {
    expect(() => scalarCode(functions, ["x" as "a"])).toThrow(/no scalar function x; there are a, b, c/);
  });
});
