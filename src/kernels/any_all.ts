// any and all over any axes: bool results, no gradients. Anything but zero counts as true, NaN too.

import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Fold } from "./reduce_fold.ts";
import { type Axes, folding } from "./reduce_layout.ts";
import { fold } from "./reduce_run.ts";

const ANY: Fold = {
  name: "any",
  dtype: "u32",
  out: "bool",
  pre: "return select(A(0), A(1), v != X(0));",
  combine: "return a | b;",
  post: "return v;",
  init: 0,
  ofNone: 0,
};
const ALL: Fold = { ...ANY, name: "all", combine: "return a & b;", init: 1, ofNone: 1 };
// By its bits: WGSL may take a comparison with NaN either way.
const FLOAT_BITS = "return select(A(0), A(1), (bitcast<A>(v) & A(0x7fffffff)) != A(0));";

/** True where a value over `axes`, by default all, is not zero (torch.any). Of no values: false. */
export function any(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return logical(ANY, x, axes, keepdim);
}

/** True where all values over `axes`, by default all, are not zero (torch.all). Of no values: true. */
export function all(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return logical(ALL, x, axes, keepdim);
}

function logical(how: Fold, x: Tensor, axes: Axes | undefined, keepdim: boolean): Tensor {
  const f = folding(how.name, x.shape, axes, keepdim);
  const pre = isFloat(x.dtype) ? FLOAT_BITS : how.pre;
  const [y] = op(how.name, [x], () => ({ outputs: [fold(x, f.mask, f.shape, { ...how, pre })] }));
  return y;
}
