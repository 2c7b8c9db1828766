// max and min over any axes, any and all. NaN wins, as in PyTorch. Of two tensors: extremes.ts; where the extreme
// stands: arg_reduce.ts.

import { ShapeError } from "../gpu/errors.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { argmax, argmin } from "./arg_reduce.ts";
import { div, mul } from "./binary.ts";
import { cast } from "./cast.ts";
import { eq } from "./compare.ts";
import { gather } from "./gather.ts";
import { sum } from "./reduce.ts";
import { type Fold, fitted } from "./reduce_fold.ts";
import { type Axes, type Folding, foldedAxes, folding } from "./reduce_layout.ts";
import { fold } from "./reduce_run.ts";
import { shaped } from "./reshape.ts";

// Floats are compared as integers in the order of their bits, NaN above all: WGSL's max need not keep a NaN.
const KEY = `let key = select(bits, bits ^ A(0x7fffffff), bits < A(0));
  return select(key, A(0x7fffffff), (bits & A(0x7fffffff)) > A(0x7f800000));`;
const FLIPPED = "A(-2147483648)"; // the sign bit
const VALUE = "let bits = select(v, v ^ A(0x7fffffff), v < A(0));";

const GREATER = "return max(a, b);";
const FLOAT_MAX: Fold = {
  name: "max",
  dtype: "i32",
  out: "f32",
  pre: `let bits = bitcast<A>(v); ${KEY}`,
  combine: GREATER,
  post: `${VALUE} return bitcast<Y>(bits);`,
  init: 0x80000000,
};
const FLOAT_MIN: Fold = {
  ...FLOAT_MAX,
  name: "min",
  pre: `let bits = bitcast<A>(v) ^ ${FLIPPED}; ${KEY}`,
  post: `${VALUE} return bitcast<Y>(bits ^ ${FLIPPED});`,
};

/** max, but 0 where it is infinite: what may be subtracted from every element. */
export const FINITE_MAX: Fold = {
  ...FLOAT_MAX,
  post: `${VALUE} return bitcast<Y>(select(bits, A(0), (bits & A(0x7fffffff)) == A(0x7f800000)));`,
};

const same = { pre: "return v;", post: "return v;" };
const LESS = "return min(a, b);";
const INT_MAX: Fold = { ...same, name: "max", dtype: "i32", out: "i32", combine: GREATER, init: 0x80000000 };
const INT_MIN: Fold = { ...INT_MAX, name: "min", combine: LESS, init: 0x7fffffff };
const UINT_MAX: Fold = { ...same, name: "max", dtype: "u32", out: "u32", combine: GREATER, init: 0 };
const UINT_MIN: Fold = { ...UINT_MAX, name: "min", combine: LESS, init: 0xffffffff };

const MAX: Record<DType, Fold> = {
  f32: FLOAT_MAX,
  f16: FLOAT_MAX,
  i32: INT_MAX,
  u32: UINT_MAX,
  bool: { ...UINT_MAX, out: "bool" },
};
const MIN: Record<DType, Fold> = {
  f32: FLOAT_MIN,
  f16: FLOAT_MIN,
  i32: INT_MIN,
  u32: UINT_MIN,
  bool: { ...UINT_MIN, out: "bool" },
};

/**
 * Greatest value over `axes`, by default all (torch.amax). NaN if there is one. The gradient is shared evenly by equal values.
 *
 * @throws ShapeError if there are no values to choose from
 */
export function max(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extreme(x, folding("max", x.shape, axes, keepdim), MAX[x.dtype]);
}

/** Least value over `axes`, by default all (torch.amin). NaN if there is one. The gradient is shared evenly by equal values. */
export function min(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extreme(x, folding("min", x.shape, axes, keepdim), MIN[x.dtype]);
}

/** `max` under PyTorch's name for it (torch.amax). */
export function amax(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extreme(x, folding("amax", x.shape, axes, keepdim), { ...MAX[x.dtype], name: "amax" });
}

/** `min` under PyTorch's name for it (torch.amin). */
export function amin(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extreme(x, folding("amin", x.shape, axes, keepdim), { ...MIN[x.dtype], name: "amin" });
}

function extreme(x: Tensor, f: Folding, how: Fold): Tensor {
  if (f.count === 0) throw new ShapeError(`${how.name}: no values to choose from, x ${formatShape(x.shape)}`);
  const [y] = op(how.name, [x], () => {
    const y = fold(x, f.mask, f.shape, fitted(how, x));
    if (!isFloat(x.dtype)) return { outputs: [y] };
    return {
      outputs: [y],
      pullback: ([dy]) => {
        if (!dy) return [null];
        const mask = cast(eq(x, shaped(how.name, y, f.keptShape)), "f32"); // x.shape
        const ties = sum(mask, foldedAxes(f), true);
        return [mul(mask, div(shaped(how.name, dy, f.keptShape), ties))];
      },
    };
  });
  return y;
}

export interface WithIndices {
  readonly values: Tensor;
  /** i32 */
  readonly indices: Tensor;
}

/** Greatest value along one axis and where it stands (torch.max with dim). The gradient goes to that element alone. */
export function maxWithIndices(x: Tensor, axis: number, keepdim = false): WithIndices {
  return pick("maxWithIndices", x, axis, keepdim, argmax);
}

/** Least value along one axis and where it stands (torch.min with dim). The gradient goes to that element alone. */
export function minWithIndices(x: Tensor, axis: number, keepdim = false): WithIndices {
  return pick("minWithIndices", x, axis, keepdim, argmin);
}

function pick(name: string, x: Tensor, axis: number, keepdim: boolean, find: typeof argmax): WithIndices {
  const at = normalizeAxis(name, axis, x.rank);
  const indices = find(x, at, true);
  const values = gather(x, at, indices);
  if (keepdim || x.rank === 0) return { values, indices };
  const shape = x.shape.filter((_, i) => i !== at);
  return { values: shaped(name, values, shape), indices: shaped(name, indices, shape) };
}
