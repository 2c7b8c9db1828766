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
} from "../gpu/shaders.gen.ts";
import { isFloat, WGSL_TYPE } from "./dtype.ts";
import { op } from "./op.ts";
import type { Generator } from "./philox.ts";
import { drawParams } from "./random.ts";
import { formatShape, sameShape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

const fillKernel = kernel(fillShader);
const accumulateKernel = kernel(accumulateShader);
const addKernel = kernel(addPairShader);
const randomKernel = kernel(randomShader);

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

/** y = x, bit by bit, in place; returns y. */
export function copyInto(y: Tensor, x: Tensor): Tensor {
  checkPair("copyInto", y, x);
  accumulateKernel({ x, y }, { n: y.size }, { grid: groups4(y.size), label: "copy" });
  return y;
}

const MERGE_ADD = `fn merge(old: vec4<u32>, x: vec4<u32>) -> vec4<u32> {
  return bitcast<vec4<u32>>(bitcast<vec4<f32>>(old) + bitcast<vec4<f32>>(x));
}`;

/** y += x, in place, f32; returns y. */
export function addInto(y: Tensor, x: Tensor): Tensor {
  checkPair("addInto", y, x);
  const hooks = { merge: MERGE_ADD };
  accumulateKernel(
    { x, y },
    { n: y.size },
    { grid: groups4(y.size), hooks, label: "accumulate", flops: y.size },
  );
  return y;
}

/** a + b of one shape, f32: what arrives twice at one tensor. */
export function add(a: Tensor, b: Tensor): Tensor {
  checkPair("add", a, b);
  const [y] = op("add", [a, b], () => {
    const y = empty(a.shape, a.dtype, a.device);
    addKernel({ a, b, y }, { n: y.size }, { grid: groups4(y.size), label: "add", flops: y.size });
    return { outputs: [y], pullback: ([dy]) => [dy, dy] };
  });
  return y;
}

/** The same values as a tensor of its own on the tape; shares storage. */
export function identity(x: Tensor): Tensor {
  const [y] = op("identity", [x], () => ({ outputs: [x.alias()], pullback: ([dy]) => [dy] }));
  return y;
}

/** Fills with uniform draws from [low, high), in place; returns the tensor. */
export function fillUniform(y: Tensor, low: number, high: number, generator?: Generator): Tensor {
  randomKernel(
    { y },
    { n: y.size, ...drawParams(y.size, generator), a: low, b: high },
    { grid: groups4(y.size), label: "uniform" },
  );
  return y;
}

const NORMAL = "fn transform(u: vec4<u32>) -> vec4<f32> { return normal4(u); }";

/** Fills with normal draws, in place; returns the tensor. */
export function fillNormal(y: Tensor, mean: number, std: number, generator?: Generator): Tensor {
  const params = { n: y.size, ...drawParams(y.size, generator), a: mean, b: std };
  randomKernel({ y }, params, { grid: groups4(y.size), hooks: { transform: NORMAL }, label: "normal" });
  return y;
}

function checkPair(name: string, a: Tensor, b: Tensor): void {
  if (!sameShape(a.shape, b.shape) || a.dtype !== b.dtype) {
    throw new ShapeError(
      `${name}: needs two tensors of one shape and dtype, ${a.dtype}${formatShape(a.shape)} and ${b.dtype}${formatShape(b.shape)}`,
    );
  }
}
