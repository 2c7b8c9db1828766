// cast: the values of a tensor in another dtype. Differentiable between f32 and f16: integers have no gradient.

import { DTypeError } from "../gpu/errors.ts";
import { type DType, isFloat, WGSL_TYPE } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { castFloat } from "../tensor/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { launchUnary, scalarOp } from "./elementwise.ts";

/**
 * `x` in another dtype (Tensor.to); `x` itself if it has that dtype. Floats are cut toward zero, out of range they
 * take the nearest integer (NaN: undefined); bool is x != 0, true for NaN. To f16: the nearest, from 65520 on infinity.
 *
 * @throws DTypeError for f16 on an adapter without shader-f16
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (!(dtype in WGSL_TYPE)) {
    throw new DTypeError(`cast: no dtype ${dtype}; there are ${Object.keys(WGSL_TYPE).join(", ")}`);
  }
  if (x.dtype === dtype) return x;
  if (isFloat(x.dtype) && isFloat(dtype)) return castFloat(x, dtype);
  const body = `${scalarOp(`to_${dtype === "f16" ? "f32" : dtype}`, x.dtype)}(x)`;
  const [y] = op("cast", [x], () => ({
    outputs: [launchUnary("cast", body, x, { type: x.dtype, out: dtype })],
  }));
  return y;
}
