// defineKernel: a user's WGSL with a gradient by op(), eager and compiled; run-time reflection equals that of the build; errors.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError, ShaderError } from "../../src/gpu/errors.ts";
import { grid1d } from "../../src/gpu/kernel.ts";
import { reflect } from "../../src/gpu/reflect.ts";
import type { Shader } from "../../src/gpu/shader.ts";
import * as shaders from "../../src/gpu/shaders.gen.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { defineKernel } from "../../src/kernels/define_kernel.ts";
import { cos } from "../../src/kernels/unary.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { op } from "../../src/tensor/op.ts";
import { empty, type Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
});

const run = defineKernel(
  /* wgsl */ `
// y = a sin(x): a comment, with: a colon
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
struct Params { n: u32, a: f32 }
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.n) { y[id.x] = params.a * sin(x[id.x]); }
}`,
  { file: "wave.wgsl" },
);

function wave(x: Tensor, a = 1): Tensor {
  const [y] = op("wave", [x], () => {
    const y = empty(x.shape);
    run({ x, y }, { n: x.size, a }, { grid: grid1d(Math.ceil(x.size / 64)) });
    return { outputs: [y], pullback: ([dy]) => [dy && mul(dy, mul(cos(x), a))] };
  });
  return y;
}

const near = (got: ArrayLike<number>, want: readonly number[]) =>
  want.forEach((w, i) => {
    expect(Math.abs(got[i] - w), `at ${i}`).toBeLessThan(1e-3); // WGSL allows sin 2^-11
  });

describe("a user's kernel", () => {
  test("gives values, gradients and gradients of gradients", async () => {
    const x = tensor([0.5, -1, 2], { requiresGrad: true });
    const y = wave(x, 3);
    near(
      await y.data(),
      [0.5, -1, 2].map((v) => 3 * Math.sin(v)),
    );
    const [dx] = grad(y, [x], { gradOutputs: [tensor([1, 1, 1])], createGraph: true });
    near(
      await dx.data(),
      [0.5, -1, 2].map((v) => 3 * Math.cos(v)),
    );
    const [ddx] = grad(dx, [x], { gradOutputs: [tensor([1, 1, 1])] });
    near(
      await ddx.data(),
      [0.5, -1, 2].map((v) => -3 * Math.sin(v)),
    );
  });

  test("is recorded by compile", async () => {
    const step = compile((x: Tensor) => wave(x, 2));
    for (const v of [0.25, 1.5])
      near(await step(tensor([v, -v])).data(), [2 * Math.sin(v), -2 * Math.sin(v)]);
    expect(step.programs.length).toBe(1);
    expect(step.programs[0].dispatches.map((d) => d.label)).toEqual(["wave"]);
  });

  test("has names that the compiler checks", () => {
    const x = randn([4]);
    // @ts-expect-error no binding z
    expect(() => run({ x, z: x }, { n: 4, a: 1 }, { grid: [1] })).toThrow(/wave: binding y is missing/);
    // @ts-expect-error no param b
    expect(() => run({ x, y: x }, { n: 4, b: 1 }, { grid: [1] })).toThrow(/wave: param a is missing/);
    expect(() => run({ x, y: x }, { n: 4, a: 1 }, { grid: [1], constants: { TM: 1 } })).toThrow(OptionError);
  });
});

describe("reflection at run time", () => {
  const all = Object.values(shaders).filter((s): s is typeof s & Shader => "entries" in s && "code" in s);
  test.each(all.map((s) => [s.file as string, s as Shader] as const))(
    "%s as the build has it",
    (_, built) => {
      const { variants: _a, ...found } = reflect(built.code, built.file);
      const { variants: _b, ...want } = built;
      expect(found).toEqual(want);
    },
  );

  const MAIN = "@compute @workgroup_size(1) fn main() {}";
  test.each([
    ["no entry point", "fn f() {}", /k\.wgsl:1: no entry point: a kernel needs an @compute function/],
    [
      "another group",
      `\n@group(1) @binding(0) var<storage> x: array<f32>;\n${MAIN}`,
      /k\.wgsl:2: x stands in group 1/,
    ],
    ["a gap", `@group(0) @binding(1) var<storage> x: array<f32>; ${MAIN}`, /x has binding 1, expected 0/],
    [
      "a texture",
      `@group(0) @binding(0) var t: texture_2d<f32>; ${MAIN}`,
      /t: only storage buffers and the uniform params/,
    ],
    [
      "the uniform's name",
      `struct P { n: u32 } @group(0) @binding(0) var<uniform> p: P; ${MAIN}`,
      /must be named params, not p/,
    ],
    [
      "a vector param",
      `struct P { n: vec2<u32> } @group(0) @binding(0) var<uniform> params: P; ${MAIN}`,
      /params\.n is vec2: only u32/,
    ],
    [
      "a uniform without struct",
      `@group(0) @binding(0) var<uniform> params: u32; ${MAIN}`,
      /struct of 4-byte scalars/,
    ],
    ["no workgroup size", "@compute fn main() {}", /main has no @workgroup_size/],
    ["a name twice", `${MAIN} fn main() {}`, /main is declared twice/],
    [
      "nine buffers",
      `${Array.from({ length: 9 }, (_, i) => `@group(0) @binding(${i}) var<storage> x${i}: array<f32>;`).join("\n")} ${MAIN}`,
      /k\.wgsl:9: x8 is storage buffer 9 of at most 8/,
    ],
  ])("refuses %s", (_, code, message) => {
    expect(() => defineKernel(code as string, { file: "k.wgsl" })).toThrow(message);
    expect(() => defineKernel(code as string, { file: "k.wgsl" })).toThrow(ShaderError);
  });

  test("WGSL that does not compile names file, line and text", async () => {
    const device = await requestDevice();
    const bad = defineKernel(
      `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main() { y[0] = nothing; }`,
      { file: "bad.wgsl" },
    );
    const y = empty([1], "f32", device);
    bad({ y }, {}, { grid: [1] });
    await expect(y.data()).rejects.toThrow(/bad\.wgsl:3: .*nothing/s);
  });
});
