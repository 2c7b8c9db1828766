// The few ops that autograd and tensors need themselves: fill, copy and add in place, sum of two gradients, random draws.
// With src/kernels the only callers of kernel().

import type { ParamValue } from "../gpu/dispatch.ts";
import { ShapeError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  accumulate as accumulateShader,
  addPair as addPairShader,
  fill as fillShader,
  random as randomShader,
  unary as unaryShader,
} from "../gpu/shaders.gen.ts";
import { floatOf, isFloat, WGSL_TYPE } from "./dtype.ts";
import { op } from "./op.ts";
import type { Generator } from "./philox.ts";
import { drawParams } from "./random.ts";
import { formatShape, sameShape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

const fillKernel = kernel(fillShader);
const accumulateKernel = kernel(accumulateShader);
const addKernel = kernel(addPairShader);
const randomKernel = kernel(randomShader);
const castKernel = kernel(unaryShader);

const WG = 64;
/** Groups of `WG` threads that take four elements each. */
const groups4 = (n: number) => grid1d(Math.ceil(n / (4 * WG)));

/** Sets every element, in place; returns the tensor. */
export function fill(y: Tensor, value: ParamValue): Tensor {
  const integer = !isFloat(y.dtype);
  const params = { n: y.size, value: integer ? 0 : value, bits: integer ? value : 0 };
  const types = { T: WGSL_TYPE[y.dtype] };
  fillKernel({ y }, params, { grid: groups4(y.size), types, constants: { INTEGER: integer }, label: "fill" });
  return y;
}

/** y = x, in place: bit by bit, or from one float dtype to the other; returns y. */
export function copyInto(y: Tensor, x: Tensor): Tensor {
  const convert = x.dtype !== y.dtype && isFloat(x.dtype) && isFloat(y.dtype);
  checkPair("copyInto", y, x, convert);
  const types = { T: convert ? "f32" : y.dtype === "f16" ? "f16" : "u32" };
  // What writes straight into a slab may write whole vec4s: of f16, byteLength alone does not tell where they end.
  const role = convert || (y.dtype === "f16" && y.size % 8 > 0) ? undefined : COPY_ROLE;
  accumulateKernel({ x, y }, { n: y.size }, { grid: groups4(y.size), types, label: "copy", role });
  return y;
}

const COPY_ROLE = { kind: "copy" } as const;
const MERGE_ADD = { merge: "fn merge(old: vec4<T>, x: vec4<T>) -> vec4<T> { return old + x; }" };
const IN_F32 = { T: "f32" };

/** y += x, in place, of floats, also of two dtypes; returns y. */
export function addInto(y: Tensor, x: Tensor): Tensor {
  checkPair("addInto", y, x, isFloat(x.dtype) && isFloat(y.dtype));
  accumulateKernel(
    { x, y },
    { n: y.size },
    { grid: groups4(y.size), hooks: MERGE_ADD, types: IN_F32, label: "accumulate", flops: y.size },
  );
  return y;
}

const ADD_ROLE = {
  kind: "elementwise",
  apply: "fn apply(a: T, b: T) -> R { return a + b; }",
  calls: [],
  type: "f32",
  result: "f32",
  operands: ["a", "b"],
  numbers: [],
} as const;

/** a + b of one shape and float dtype: what arrives twice at one tensor. */
export function add(a: Tensor, b: Tensor): Tensor {
  checkPair("add", a, b);
  const [y] = op("add", [a, b], () => {
    const y = empty(a.shape, a.dtype, a.device);
    addKernel(
      { a, b, y },
      { n: y.size },
      { grid: groups4(y.size), label: "add", flops: y.size, role: ADD_ROLE },
    );
    return { outputs: [y], pullback: ([dy]) => [dy, dy] };
  });
  return y;
}

/** The values of a float tensor in the other float dtype; `x` itself if it has that. */
export function castFloat(x: Tensor, dtype: "f32" | "f16"): Tensor {
  if (x.dtype === dtype) return x;
  const [y] = op("cast", [x], () => {
    const y = empty(x.shape, dtype, x.device);
    castKernel({ x, y }, { n: y.size, p: 0, q: 0 }, { grid: groups4(y.size), label: "cast" });
    return { outputs: [y], pullback: ([dy]) => [dy && castFloat(dy, floatOf(x.dtype))] };
  });
  return y;
}

/** The same values as a tensor of its own on the tape; shares storage. */
export function identity(x: Tensor): Tensor {
  const [y] = op("identity", [x], () => ({ outputs: [x.alias()], pullback: ([dy]) => [dy] }));
  return y;
}

// Steps of 2^-11, which f16 holds: rounding must not reach the end of the interval.
const UNIFORM_F16 = `fn transform(u: vec4<u32>) -> vec4<f32> {
  return params.a + vec4<f32>(u >> vec4(21u)) * (params.b - params.a) * ${2 ** -11};
}`;

/** Fills with uniform draws from [low, high), in place; returns the tensor. */
export function fillUniform(y: Tensor, low: number, high: number, generator?: Generator): Tensor {
  const params = { n: y.size, ...drawParams(y.size, generator), a: low, b: high };
  const half = y.dtype === "f16" ? { hooks: { transform: UNIFORM_F16 } } : {};
  randomKernel({ y }, params, { grid: groups4(y.size), label: "uniform", ...half });
  return y;
}

const NORMAL = "fn transform(u: vec4<u32>) -> vec4<f32> { return normal4(u); }";

/** Fills with normal draws, in place; returns the tensor. */
export function fillNormal(y: Tensor, mean: number, std: number, generator?: Generator): Tensor {
  const params = { n: y.size, ...drawParams(y.size, generator), a: mean, b: std };
  randomKernel({ y }, params, { grid: groups4(y.size), hooks: { transform: NORMAL }, label: "normal" });
  return y;
}

function checkPair(name: string, a: Tensor, b: Tensor, convert = false): void {
  if (!sameShape(a.shape, b.shape) || (a.dtype !== b.dtype && !convert)) {
    throw new ShapeError(
      `${name}: needs two tensors of one shape and dtype, ${a.dtype}${formatShape(a.shape)} and ${b.dtype}${formatShape(b.shape)}`,
    );
  }
}
