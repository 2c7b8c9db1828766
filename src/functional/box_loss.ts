// Losses of boxes [x1, y1, x2, y2] by their intersection over union: iou, giou; and boxIou, which compares all with all.

import { ShapeError } from "../gpu/errors.ts";
import { relu } from "../kernels/activation.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { maximum, minimum } from "../kernels/extremes.ts";
import { unsqueeze } from "../kernels/reshape.ts";
import { select } from "../kernels/slice.ts";
import { raised } from "../tensor/autocast.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, needsFloat, reduced, sameShapes } from "./loss_reduction.ts";

export interface BoxLossOptions extends LossOptions {
  /** Added to areas that are divided by. Default 1e-7. */
  readonly eps?: number;
}

/** The corners, one tensor each. */
interface Corners {
  readonly x1: Tensor;
  readonly y1: Tensor;
  readonly x2: Tensor;
  readonly y2: Tensor;
}

/**
 * 1 - intersection / (union + eps) of each pair of boxes: its gradient is 0 where they do not meet. "none" gives [...].
 *
 * @param a [..., 4] of x1 <= x2, y1 <= y2
 * @param b of the same shape
 * @throws ShapeError unless the shapes agree and end in 4
 */
export function iou(a: Tensor, b: Tensor, { eps = 1e-7, reduction }: BoxLossOptions = {}): Tensor {
  [a, b] = [raised(a), raised(b)];
  const [p, q] = pair("iou", a, b);
  const { both, union } = overlap(p, q);
  return reduced("iou", sub(1, div(both, add(union, eps))), reduction);
}

/**
 * 1 - IoU + (hull - union) / (hull + eps), hull the smallest box around both (Rezatofighi et al. 2019, algorithm 1;
 * torchvision.ops.generalized_box_iou_loss, whose reduction is "none" by default, and here "mean"). As iou.
 */
export function giou(a: Tensor, b: Tensor, { eps = 1e-7, reduction }: BoxLossOptions = {}): Tensor {
  [a, b] = [raised(a), raised(b)];
  const [p, q] = pair("giou", a, b);
  const { both, union } = overlap(p, q);
  const [x1, y1, x2, y2] = [
    minimum(p.x1, q.x1),
    minimum(p.y1, q.y1),
    maximum(p.x2, q.x2),
    maximum(p.y2, q.y2),
  ];
  const hull = area({ x1, y1, x2, y2 });
  const losses = add(sub(1, div(both, add(union, eps))), div(sub(hull, union), add(hull, eps)));
  return reduced("giou", losses, reduction);
}

/** Intersection over union of every box of a [n, 4] with every box of b [m, 4]: [n, m] (torchvision.ops.box_iou). */
export function boxIou(a: Tensor, b: Tensor): Tensor {
  if (a.rank !== 2 || b.rank !== 2)
    throw new ShapeError(
      `boxIou: needs [n,4] and [m,4], a ${formatShape(a.shape)}, b ${formatShape(b.shape)}`,
    );
  needsFloat("boxIou", a);
  const [p, q] = [corners("boxIou", unsqueeze(a, 1)), corners("boxIou", unsqueeze(b, 0))];
  const { both, union } = overlap(p, q);
  return div(both, union);
}

function pair(name: string, a: Tensor, b: Tensor): [Corners, Corners] {
  sameShapes(name, a, b);
  return [corners(name, a), corners(name, b)];
}

function corners(name: string, t: Tensor): Corners {
  if (t.shape.at(-1) !== 4)
    throw new ShapeError(`${name}: boxes have 4 numbers on the last axis, got ${formatShape(t.shape)}`);
  const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => select(t, -1, i));
  return { x1, y1, x2, y2 };
}

const area = ({ x1, y1, x2, y2 }: Corners) => mul(sub(x2, x1), sub(y2, y1));

function overlap(p: Corners, q: Corners): { both: Tensor; union: Tensor } {
  const width = relu(sub(minimum(p.x2, q.x2), maximum(p.x1, q.x1)));
  const height = relu(sub(minimum(p.y2, q.y2), maximum(p.y1, q.y1)));
  const both = mul(width, height);
  return { both, union: sub(add(area(p), area(q)), both) };
}
