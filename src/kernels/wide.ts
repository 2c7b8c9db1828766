// Composed ops whose steps f16 cannot hold (pixel coordinates, differences of squares): of f16 tensors computed in f32 and
// rounded once, at the end.

import { isFloat } from "../tensor/dtype.ts";
import { castFloat } from "../tensor/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { floatResult } from "./operand.ts";

/** `compute` of the tensors, all floats in f32; the result is f16 where no float tensor is wider. */
export function inF32<const T extends readonly Tensor[]>(
  tensors: T,
  compute: (...wide: { readonly [K in keyof T]: Tensor }) => Tensor,
): Tensor {
  const half = floatResult(...tensors) === "f16";
  const wide = half ? tensors.map((t) => (isFloat(t.dtype) ? castFloat(t, "f32") : t)) : tensors;
  const y = compute(...(wide as { readonly [K in keyof T]: Tensor }));
  return half ? castFloat(y, "f16") : y;
}
