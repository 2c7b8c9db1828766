// f16 storage as text: what the rewrite makes of loads, stores, lanes and shadowed names, and every refusal. No adapter.
import { describe, expect, it } from "vitest";
import { reflectShader, withImports } from "../../scripts/reflect.ts";
import { OptionError } from "../../src/gpu/errors.ts";
import { elementOf, storeAsHalf } from "../../src/gpu/half_storage.ts";
import { specialise } from "../../src/gpu/specialise.ts";

const HEAD = `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
`;
/** The body of a function with x, y and v in f16. */
function body(text: string): string {
  const code = storeAsHalf(`${HEAD}fn f(i: u32, k: u32) {\n${text}\n}`, ["x", "y", "v"], "test.wgsl");
  return code.slice(code.indexOf("{\n") + 2, code.indexOf("\n}\nfn narrow_f16"));
}

describe("f16 storage", () => {
  it.for([
    ["let a = x[i];", "let a = f32(x[i]);"],
    ["let a = v[i].x + v[i + 1u][k];", "let a = vec4<f32>(v[i]).x + vec4<f32>(v[i + 1u])[k];"],
    ["let a = x[u32(y[i])];", "let a = f32(x[u32(f32(y[i]))]);"],
    ["let a = -x[i] * x[i];", "let a = -f32(x[i]) * f32(x[i]);"],
    ["y[i] = x[i];", "y[i] = narrow_f16(f32(x[i]));"],
    [
      "y[i] = select(x[i], 0.0, x[i] == 1.0);",
      "y[i] = narrow_f16(select(f32(x[i]), 0.0, f32(x[i]) == 1.0));",
    ],
    ["v[i] = v[k] * 2.0;", "v[i] = narrow4_f16(vec4<f32>(v[k]) * 2.0);"],
    ["v[i].y = x[k];", "v[i].y = narrow_f16(f32(x[k]));"],
    ["v[i][k] = 1.0;", "v[i][k] = narrow_f16(1.0);"],
    ["y[i] += x[k] - 1.0;", "y[i] = narrow_f16(f32(y[i]) + (f32(x[k]) - 1.0));"],
    ["v[i] *= v[k];", "v[i] = narrow4_f16(vec4<f32>(v[i]) * (vec4<f32>(v[k])));"],
    ["v[i].z /= 3.0;", "v[i].z = narrow_f16(f32(v[i].z) / (3.0));"],
    ["for (var j = 0u; j < k; y[j] = 0.0) { }", "for (var j = 0u; j < k; y[j] = narrow_f16(0.0)) { }"],
    ["let n = arrayLength(&x);", "let n = arrayLength(&x);"],
    ["let a = i & u32(x[i]);", "let a = i & u32(f32(x[i]));"],
    ["let a = params.x + x [i]; // x[i]", "let a = params.x + f32(x [i]); // x[i]"],
    ["/* y[i] = 1; */ let a = b.y[i];", "/* y[i] = 1; */ let a = b.y[i];"],
  ])("%s", ([text, want]) => {
    expect(body(text)).toBe(want);
  });

  it.for([
    ["let x = x[i];\nlet a = x[i];", "let x = f32(x[i]);\nlet a = x[i];"],
    [
      "if (i > k) { var x = v[i]; x.y = x[1]; }\ny[i] = x[i];",
      "if (i > k) { var x = vec4<f32>(v[i]); x.y = x[1]; }\ny[i] = narrow_f16(f32(x[i]));",
    ],
    [
      "for (var x = 0u; x < k; x++) { y[x] = 0.0; }\nlet a = x[k];",
      "for (var x = 0u; x < k; x++) { y[x] = narrow_f16(0.0); }\nlet a = f32(x[k]);",
    ],
  ])("leaves a local variable alone: %s", ([text, want]) => {
    expect(body(text)).toBe(want);
  });

  it("leaves an argument alone", () => {
    const text = `${HEAD}fn g(x: vec4<f32>, i: u32) -> f32 { return x[i] + y[i]; }\nfn h(i: u32) -> f32 { return x[i]; }`;
    const code = storeAsHalf(text, ["x", "y"], "test.wgsl");
    expect(code).toContain("fn g(x: vec4<f32>, i: u32) -> f32 { return x[i] + f32(y[i]); }");
    expect(code).toContain("fn h(i: u32) -> f32 { return f32(x[i]); }");
  });

  it("changes the declarations named, and no other", () => {
    const code = storeAsHalf(HEAD, ["x", "v"], "test.wgsl");
    expect(code).toContain("var<storage, read> x: array<f16>;");
    expect(code).toContain("var<storage, read_write> y: array<f32>;");
    expect(code).toContain("var<storage, read_write> v: array<vec4<f16>>;");
  });

  it("follows aliases", () => {
    expect(elementOf("V", { V: "vec4<T>", T: "f32" })).toEqual({ scalar: "f32", width: 4 });
    expect(elementOf("vec2f", {})).toEqual({ scalar: "f32", width: 2 });
    expect(elementOf("vec3h", {})).toEqual({ scalar: "f16", width: 3 });
    expect(elementOf("atomic<i32>", {})).toEqual({ scalar: "i32", width: 1 });
  });

  it("refuses what it cannot rewrite", () => {
    const refused = (text: string, message: RegExp) => {
      expect(() => body(text)).toThrow(OptionError);
      expect(() => body(text)).toThrow(message);
    };
    refused("let p = &x[i];", /test.wgsl: a pointer to an element of x: no f16 for it/);
    refused("f(&x, i);", /x is used other than by its elements/);
    refused("y[u32(x[i])] += 1.0;", /y \+= at an index that is loaded/);
    const integers = "@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;";
    expect(() => storeAsHalf(integers, ["x"], "a.wgsl")).toThrow(
      /x holds array<vec4<u32>>, which f16 cannot store/,
    );
    expect(() => storeAsHalf(HEAD, ["z"], "a.wgsl")).toThrow(/z holds nothing/);
  });
});

describe("specialise", () => {
  const TEXT = `// line 1
alias T = f32;
@group(0) @binding(0) var<storage, read> x: array<T>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;
fn apply(x: T) -> T { return x; }
@compute @workgroup_size(1)
fn main() {
  y[0] = apply(x[0]);
}
`;
  const shader = reflectShader(withImports("test.wgsl", ["test.wgsl"], () => TEXT))!;

  it("enables f16 on line 1, keeps every line in its place and appends the rounding", () => {
    const { code, lines } = specialise(shader, { half: ["x", "y"] });
    const text = code.split("\n");
    expect(text[0]).toBe("enable f16; // line 1");
    expect(text[1]).toBe("alias T = f32;");
    expect(text[7]).toBe("  y[0] = narrow_f16(apply(f32(x[0])));");
    expect(lines.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(lines).toHaveLength(text.length);
    expect(lines.slice(10).every((n) => n === 0)).toBe(true);
    expect(code.match(/fn narrow_f16/g)).toHaveLength(1);
  });

  it("sees hooks and what is appended", () => {
    const { code } = specialise(shader, {
      half: ["x", "z"],
      hooks: { apply: "fn apply(v: T) -> T { return v * z[1]; }" },
      append: "@group(0) @binding(3) var<storage, read> z: array<f32>;",
    });
    expect(code).toContain("return v * f32(z[1]);");
    expect(code).toContain("var<storage, read> z: array<f16>;");
    expect(code).toContain("y[0] = apply(f32(x[0]));");
  });

  it("changes nothing without half bindings", () => {
    expect(specialise(shader, { half: [] }).code).toBe(TEXT);
  });
});
