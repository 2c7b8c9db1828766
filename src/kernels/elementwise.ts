// What every elementwise op shares: the hook text of its scalar function and the launch over one or two operands.
// What an operand may be: operand.ts. The ops themselves: unary.ts, activation.ts, binary.ts, power.ts, extremes.ts, compare.ts.

import type { ElementwiseRole } from "../gpu/dispatch.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  binaryBroadcast as binaryBroadcastShader,
  binary as binaryShader,
  scalarFunctions,
  unary as unaryShader,
} from "../gpu/shaders.gen.ts";
import { scalarCode, scalarName } from "../gpu/specialise.ts";
import { type DType, isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { mergeAxes, sizeParams, strideParams } from "./merge_axes.ts";
import {
  BROADCAST,
  floatResult,
  LINEAR,
  numberParams,
  type Operand,
  shapeOf,
  sourceOf,
  storedType,
  tensorOf,
} from "./operand.ts";

export type { Operand } from "./operand.ts";

const unaryKernel = kernel(unaryShader);
const binaryKernel = kernel(binaryShader);
const broadcastKernel = kernel(binaryBroadcastShader);

const WG = 64;
/** Groups of `WG` threads that take four elements each. */
export const groups4 = (n: number) => grid1d(Math.ceil(n / (4 * WG)));

export interface ElementwiseOptions {
  /** Dtype computed in. */
  readonly type: DType;
  /** Dtype of the result; `type` if left out, or f16 for f32 of f16. */
  readonly out?: DType;
  /** Numbers of the function, such as a slope. */
  readonly p?: number;
  readonly q?: number;
  /** See ElementwiseRole. */
  readonly gates?: "a" | "b";
}

interface Code {
  readonly hooks: { readonly apply: string };
  readonly append: string;
  readonly calls: readonly string[];
}

/** By body, then by arguments: asked at every dispatch, so without building the text first. */
const codes = new Map<string, Map<string, Code>>();

/** `fn apply(args) -> R { return body; }`, or with a body of statements, and every scalar function that it calls. */
function codeOf(args: string, body: string): Code {
  let byArgs = codes.get(body);
  if (!byArgs) codes.set(body, (byArgs = new Map()));
  let code = byArgs.get(args);
  if (!code) {
    const statements = /\breturn\b/.test(body) ? body : `return ${body};`;
    const apply = `fn apply(${args}) -> R { ${statements} }`;
    const called = (body.match(/\w+(?=\()/g) ?? []).filter((name) => name in scalarFunctions);
    const append = scalarCode(scalarFunctions, called as (keyof typeof scalarFunctions)[]);
    byArgs.set(args, (code = { hooks: { apply }, append, calls: called }));
  }
  return code;
}

/** What a fuser needs to know; only a trace asks. */
function roleOf(
  { hooks, calls }: Code,
  types: { readonly T: string; readonly R: string },
  operands: readonly (string | number)[],
  numbers: readonly number[],
  gates?: string,
): ElementwiseRole {
  return {
    kind: "elementwise",
    apply: hooks.apply,
    calls,
    type: types.T,
    result: types.R,
    operands,
    numbers,
    gates,
  };
}

/** Name in WGSL of a function of shaders/scalar/ for a dtype: `lt` -> `op_lt_f32`. */
export function scalarOp(name: string, type: DType): string {
  return scalarName(scalarFunctions, name, WGSL_TYPE[type]);
}

/** An op computed in f32 gives f16 where it is given nothing wider. */
const resultOf = (type: DType, ...operands: Operand[]): DType =>
  isFloat(type) ? floatResult(...operands) : type;

/** y = body, WGSL in x, p, q: an expression, or statements that return. */
export function launchUnary(name: string, body: string, x: Tensor, options: ElementwiseOptions): Tensor {
  const { type, out = resultOf(type, x), p = 0, q = 0 } = options;
  const y = empty(x.shape, out, x.device);
  const code = codeOf("x: T, p: f32, q: f32", body);
  const { hooks, append } = code;
  const grid = groups4(y.size);
  const types = { X: WGSL_TYPE[x.dtype], T: WGSL_TYPE[type], R: WGSL_TYPE[out] };
  const role = y.device.recorder.capturing ? roleOf(code, types, ["x"], [p, q]) : undefined;
  // Spelt out, not spread: this runs for every small op, and the spreads would double its host time.
  unaryKernel(
    { x, y },
    { n: y.size, p, q },
    { hooks, append, role, grid, types, label: name, flops: y.size },
  );
  return y;
}

/** y = body, WGSL in a, b, p, q (or in the names given), broadcasting. */
export function launchBinary(
  name: string,
  body: string,
  [a, b]: readonly [Operand, Operand],
  options: ElementwiseOptions,
  [first, second] = ["a", "b"],
): Tensor {
  const { type, out = resultOf(type, a, b), p = 0, q = 0, gates } = options;
  const [sa, sb] = [shapeOf(a), shapeOf(b)];
  const shape = broadcastShapes(name, sa, sb);
  const y = empty(shape, out, tensorOf(name, a, b).device);
  const code = codeOf(`${first}: T, ${second}: T, p: f32, q: f32`, body);
  const { hooks, append } = code;
  const grid = groups4(y.size);
  const types = { A: storedType(a, type), B: storedType(b, type), T: WGSL_TYPE[type], R: WGSL_TYPE[out] };
  const operands = [typeof a === "number" ? a : "a", typeof b === "number" ? b : "b"];
  const role = y.device.recorder.capturing ? roleOf(code, types, operands, [p, q], gates) : undefined;
  const [fromA, fromB] = [sourceOf(a, y), sourceOf(b, y)];
  if (fromA !== BROADCAST && fromB !== BROADCAST) {
    const number = typeof a === "number" ? a : typeof b === "number" ? b : 0;
    const bindings = { a: typeof a === "number" ? null : a, b: typeof b === "number" ? null : b, y };
    const constants = { A_FROM: fromA, B_FROM: fromB, INTEGER: !isFloat(type) };
    const { value, bits } = numberParams(number, type);
    const how = { hooks, append, role, grid, types, constants, label: name, flops: y.size };
    binaryKernel(bindings, { n: y.size, value, bits, p, q }, how);
    return y;
  }
  const layout = mergeAxes(name, shape, [sa, sb]);
  const [a0, a1, a2, a3, a4, a5, a6, a_outer] = strideParams(layout, 0);
  const [b0, b1, b2, b3, b4, b5, b6, b_outer] = strideParams(layout, 1);
  const strides = { a0, a1, a2, a3, a4, a5, a6, a_outer, b0, b1, b2, b3, b4, b5, b6, b_outer };
  const constants = {
    RANK: layout.sizes.length,
    ALIGNED: layout.sizes[0] % 4 === 0,
    A_LINEAR: fromA === LINEAR,
    B_LINEAR: fromB === LINEAR,
  };
  const params = { n: y.size, p, q, ...sizeParams(layout), ...strides };
  const how = { hooks, append, role, grid, types, constants, label: name, flops: y.size };
  broadcastKernel({ a: a as Tensor, b: b as Tensor, y }, params, how);
  return y;
}
