// Product over any axes. Running products: cumulative.ts.

import { raised } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { numel } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./binary.ts";
import { runningProduct } from "./cumulative.ts";
import { neighbour } from "./linear_scan.ts";
import { permute } from "./permute.ts";
import { type Fold, fitted, SUM } from "./reduce_fold.ts";
import { type Axes, type Folding, folding } from "./reduce_layout.ts";
import { fold } from "./reduce_run.ts";
import { shaped } from "./reshape.ts";

const PRODUCT: Fold = {
  ...SUM,
  name: "prod",
  combine: "return a * b;",
  post: "return v;",
  init: 0x3f800000, // 1.0
  ofNone: 1,
};
const INTEGER: Fold = { ...PRODUCT, dtype: "i32", out: "i32", pre: "return A(v);", init: 1 };
const UNSIGNED: Fold = { ...INTEGER, dtype: "u32", out: "u32" };
const PRODUCTS = { f32: PRODUCT, f16: PRODUCT, i32: INTEGER, bool: INTEGER, u32: UNSIGNED } as const;

/**
 * Product over `axes`, by default all (torch.prod); of no elements 1. Its gradient is right where factors are 0.
 *
 * @param x f32; i32 and bool give i32 (wrapping), u32 gives u32; no gradient for these
 * @throws ShapeError for an axis out of range or given twice
 */
export function prod(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  x = raised(x);
  const f = folding("prod", x.shape, axes, keepdim);
  const [y] = op("prod", [x], () => ({
    outputs: [fold(x, f.mask, f.shape, fitted(PRODUCTS[x.dtype], x))],
    pullback: ([dy]) => [
      dy && isFloat(x.dtype) ? mul(shaped("prod", dy, f.keptShape), withoutEach(x, f)) : null,
    ],
  }));
  return y;
}

/** For each element the product of the others: of those before it times those behind it, so that nothing is divided. */
function withoutEach(x: Tensor, f: Folding): Tensor {
  const order = [...x.shape.keys()].sort((a, b) => Number(f.mask[a]) - Number(f.mask[b]) || a - b);
  const moved = permute(x, order); // kept axes, then folded ones
  const kept = numel(x.shape.filter((_, i) => !f.mask[i]));
  const rows = shaped("prod", moved, [kept, f.count]);
  const before = neighbour(runningProduct(rows, 1, false), 1, false, 1);
  const behind = neighbour(runningProduct(rows, 1, true), 1, true, 1);
  const back = order.map((_, i) => order.indexOf(i));
  return permute(shaped("prod", mul(before, behind), moved.shape), back);
}
