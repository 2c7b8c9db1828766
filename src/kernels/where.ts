// where: one of two values by a condition, with NumPy broadcasting.

import { DTypeError } from "../gpu/errors.ts";
import { kernel } from "../gpu/kernel.ts";
import { where as whereShader } from "../gpu/shaders.gen.ts";
import { type DType, isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { groups4 } from "./elementwise.ts";
import { mergeAxes, sizeParams, strideParams } from "./merge_axes.ts";
import {
  BROADCAST,
  commonDType,
  describe,
  numberParams,
  type Operand,
  onTape,
  shapeOf,
  sourceOf,
  storedType,
} from "./operand.ts";
import { sumTo } from "./reduce.ts";

const run = kernel(whereShader);
const APPLY = "fn apply(c: u32, a: T, b: T) -> R { return select(b, a, c != 0u); }";

/**
 * a where `cond` holds, else b (torch.where). What is not chosen has gradient 0, even if it is NaN or infinite.
 *
 * @param cond bool
 * @param a tensor or number; two numbers give f32
 * @throws DTypeError unless `cond` is bool; ShapeError if the shapes do not broadcast
 */
export function where(cond: Tensor, a: Operand, b: Operand): Tensor {
  if (cond.dtype !== "bool")
    throw new DTypeError(`where: the condition must be bool, cond ${describe(cond)}`);
  const [ta, tb] = [onTape(a), onTape(b)];
  const type = ta || tb ? commonDType("where", a, b) : "f32";
  const [y] = op("where", [cond, ta, tb], () => ({
    outputs: [launch(cond, a, b, type)],
    pullback: ([dy]) => [
      null,
      dy && ta?.requiresGrad ? sumTo(where(cond, dy, 0), ta.shape) : null,
      dy && tb?.requiresGrad ? sumTo(where(cond, 0, dy), tb.shape) : null,
    ],
  }));
  return y;
}

function launch(cond: Tensor, a: Operand, b: Operand, type: DType): Tensor {
  const shapes = [cond.shape, shapeOf(a), shapeOf(b)];
  const y = empty(broadcastShapes("where", ...shapes), type, cond.device);
  const from = [cond, a, b].map((t) => sourceOf(t, y));
  const broadcast = from.includes(BROADCAST);
  const layout = broadcast ? mergeAxes("where", y.shape, shapes) : { sizes: [1], strides: [[0], [0], [0]] };
  const [c0, c1, c2, c3, c4, c5, c6, c_outer] = strideParams(layout, 0);
  const [a0, a1, a2, a3, a4, a5, a6, a_outer] = strideParams(layout, 1);
  const [b0, b1, b2, b3, b4, b5, b6, b_outer] = strideParams(layout, 2);
  const inC = { c0, c1, c2, c3, c4, c5, c6, c_outer };
  const inA = { a0, a1, a2, a3, a4, a5, a6, a_outer };
  const inB = { b0, b1, b2, b3, b4, b5, b6, b_outer };
  const numberA = numberParams(typeof a === "number" ? a : 0, type);
  const numberB = numberParams(typeof b === "number" ? b : 0, type);
  const numbers = {
    a_value: numberA.value,
    a_bits: numberA.bits,
    b_value: numberB.value,
    b_bits: numberB.bits,
  };
  run(
    { c: cond, a: onTape(a), b: onTape(b), y },
    { n: y.size, ...numbers, ...sizeParams(layout), ...inC, ...inA, ...inB },
    {
      grid: groups4(y.size),
      types: { A: storedType(a, type), B: storedType(b, type), T: WGSL_TYPE[type] },
      constants: {
        RANK: layout.sizes.length,
        C_FROM: from[0],
        A_FROM: from[1],
        B_FROM: from[2],
        INTEGER: !isFloat(type),
      },
      label: "where",
      flops: y.size,
      role: {
        kind: "elementwise",
        apply: APPLY,
        calls: [],
        type: WGSL_TYPE[type],
        result: WGSL_TYPE[type],
        operands: ["c", typeof a === "number" ? a : "a", typeof b === "number" ? b : "b"],
        numbers: [],
      },
    },
  );
  return y;
}
