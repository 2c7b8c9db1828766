// eye: ones on the diagonal.

import { DTypeError, OptionError } from "../gpu/errors.ts";
import { arange, type CreateOptions, zeros } from "../tensor/create.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { oneHotOrZero } from "./one_hot.ts";

/**
 * [n, m] with 1 where row and column agree, else 0 (torch.eye); m is n if left out.
 *
 * @param options dtype f32 (default), f16 or i32
 * @throws OptionError unless n and m are integers >= 0; DTypeError for u32 and bool
 */
export function eye(n: number, m = n, options: CreateOptions = {}): Tensor {
  const { dtype = "f32", device, requiresGrad = false } = options;
  if (![n, m].every((size) => Number.isInteger(size) && size >= 0))
    throw new OptionError(`eye: sizes must be integers >= 0, got ${n} and ${m}`);
  if (dtype !== "i32" && !isFloat(dtype))
    throw new DTypeError(`eye: dtype must be f32, f16 or i32, got ${dtype}`);
  const y =
    m === 0
      ? zeros([n, 0], { dtype, device })
      : oneHotOrZero(arange(n, undefined, 1, { device }), m, { dtype });
  y.requiresGrad = requiresGrad;
  return y;
}
