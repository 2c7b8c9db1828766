// cast: the values of a tensor in another dtype. Not differentiable but from f32 to f32: integers have no gradient.

import type { DType } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { launchUnary, scalarOp } from "./elementwise.ts";

/**
 * `x` in another dtype (Tensor.to); `x` itself if it has that dtype. Floats are cut toward zero, out of range they
 * take the nearest integer (NaN: undefined); bool is x != 0, true for NaN.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const [y] = op("cast", [x], () => ({
    outputs: [
      launchUnary("cast", `${scalarOp(`to_${dtype}`, x.dtype)}(x)`, x, { type: x.dtype, out: dtype }),
    ],
  }));
  return y;
}
