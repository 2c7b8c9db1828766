// What compile.test.ts compiles: every entry point of every shader, as it stands and in each `// @variant`, and the
// scalar functions for every element type. Text only: no GPU here.

import { elementOf } from "../../src/gpu/half_storage.ts";
import type { ScalarFunction, Shader, ShaderVariant } from "../../src/gpu/shader.ts";
import * as generated from "../../src/gpu/shaders.gen.ts";
import { specialise } from "../../src/gpu/specialise.ts";
import { SCALAR } from "../../src/kernels/attention_run.ts";

export interface Job {
  readonly file: string;
  readonly name: string;
  readonly code: string;
  readonly entry: string;
  readonly constants: Readonly<Record<string, number>>;
  /** Device features that its `enable` lines need. */
  readonly features: readonly string[];
}

/** `enable` in WGSL -> feature of the device. */
const FEATURE_OF: Readonly<Record<string, string>> = { f16: "shader-f16", subgroups: "subgroups" };

const { scalarFunctions, ...shaders } = generated;

const PLAIN: ShaderVariant = { constants: {}, types: {} };

export function jobs(): Job[] {
  const all: readonly Shader[] = Object.values(shaders);
  const whole = all.flatMap((shader) =>
    [PLAIN, ...shader.variants].flatMap((variant) =>
      Object.keys(shader.entries)
        .filter((entry) => variant.entry === undefined || variant.entry === entry)
        .map((entry) => job(shader, variant, entry)),
    ),
  );
  return [...whole, ...["f32", "i32", "u32"].map(scalarJob)];
}

/** The same shaders with every f32 binding stored as f16; those without one are left out. */
export function halfJobs(): Job[] {
  const all: readonly Shader[] = Object.values(shaders);
  return all.flatMap((shader) =>
    [PLAIN, ...shader.variants].flatMap((variant) => {
      const half = floatBindings(shader, variant);
      return Object.keys(half.length > 0 ? shader.entries : {})
        .filter((entry) => variant.entry === undefined || variant.entry === entry)
        .map((entry) => job(shader, variant, entry, half));
    }),
  );
}

function floatBindings(shader: Shader, { types }: ShaderVariant): string[] {
  const aliases = { ...shader.aliases, ...types };
  return Object.entries(shader.bindings).flatMap(([name, { type }]) =>
    elementOf(type, aliases).scalar === "f32" ? [name] : [],
  );
}

function job(shader: Shader, variant: ShaderVariant, entry: string, half: readonly string[] = []): Job {
  const { code, overrides } = specialise(shader, {
    entry,
    constants: variant.constants,
    types: variant.types,
    hooks: shader.hooks.includes("to_v") && variant.types.V === "f32" ? SCALAR : {},
    half,
  });
  const choices = Object.entries({ ...variant.constants, ...variant.types }).map(([k, v]) => `${k}=${v}`);
  if (half.length > 0) choices.push("in f16");
  const name = [shader.file, entry, ...choices].join(" ");
  return { file: shader.file, name, code, entry, constants: overrides, features: featuresOf(code) };
}

function featuresOf(code: string): string[] {
  const enabled = [...code.matchAll(/(?:^|;)\s*enable\s+([^;]+)(?=;)/gm)].flatMap((m) =>
    m[1]!.split(/\s*,\s*/),
  );
  return enabled.map((extension) => FEATURE_OF[extension] ?? extension);
}

/** What WGSL does not have for a type: no minus for u32, no bits of f32. */
const WITHOUT: Readonly<Record<string, RegExp>> = {
  f32: /^op_(bit_|bitwise_|shift_)/,
  i32: /^$/,
  u32: /^op_neg$/,
};

/** All scalar functions that take `type`, each called once with a value no compiler can know. */
function scalarJob(type: string): Job {
  const entries = Object.entries<ScalarFunction>(scalarFunctions).filter(
    ([name]) => !WITHOUT[type].test(name),
  );
  const calls = entries.map(([name, f]) => {
    const args = f.types.map((t) => `${t === "T" ? type : t}(x[0])`);
    return `  { let v = ${name}(${args.join(", ")}); y[0] += u32(${f.returns === "vec2f" ? "v.x" : "v"}); }`;
  });
  const code = [
    `alias T = ${type};`,
    ...entries.map(([, f]) => f.code),
    "@group(0) @binding(0) var<storage, read> x: array<T>;",
    "@group(0) @binding(1) var<storage, read_write> y: array<u32>;",
    `@compute @workgroup_size(1) fn main() {\n${calls.join("\n")}\n}`,
  ].join("\n");
  return {
    file: "scalar.wgsl",
    name: `scalar.wgsl T=${type}`,
    code,
    entry: "main",
    constants: {},
    features: [],
  };
}
