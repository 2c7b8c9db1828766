// Losses with a margin, composed of ops: hinge, hingeEmbedding, marginRanking, multiMargin, cosineEmbedding, tripletMargin.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { relu } from "../kernels/activation.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { eq } from "../kernels/compare.ts";
import { minimum } from "../kernels/extremes.ts";
import { gatherOrZero, indexSelectOrZero } from "../kernels/gather.ts";
import { reportIndices } from "../kernels/index_check.ts";
import { oneHotOrZero } from "../kernels/one_hot.ts";
import { sum } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { sqrt, square } from "../kernels/unary.ts";
import { where } from "../kernels/where.ts";
import { raised } from "../tensor/autocast.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, reduced, sameShapes } from "./loss_reduction.ts";
import { pairwiseDistance } from "./similarity.ts";

export interface MarginOptions extends LossOptions {
  readonly margin?: number;
}

/** max(0, margin - y x) of scores x and labels y of +-1, margin 1 by default: of support vector machines. One shape. */
export function hinge(x: Tensor, y: Tensor, { margin = 1, reduction }: MarginOptions = {}): Tensor {
  [x, y] = [raised(x), raised(y)];
  sameShapes("hinge", x, y);
  return reduced("hinge", relu(sub(margin, mul(x, y))), reduction);
}

/**
 * Of distances x: x itself where y = 1, max(0, margin - x) where y = -1 (torch.nn.functional.hinge_embedding_loss). One
 * shape; margin 1 by default.
 */
export function hingeEmbedding(x: Tensor, y: Tensor, { margin = 1, reduction }: MarginOptions = {}): Tensor {
  [x, y] = [raised(x), raised(y)];
  sameShapes("hingeEmbedding", x, y);
  const [near, far] = [where(eq(y, -1), 0, x), where(eq(y, 1), 0, relu(sub(margin, x)))];
  return reduced("hingeEmbedding", add(near, far), reduction);
}

/**
 * max(0, margin - y (a - b)): a shall be the larger where y = 1, b where y = -1 (torch.nn.functional.margin_ranking_loss).
 * One shape; margin 0 by default.
 */
export function marginRanking(
  a: Tensor,
  b: Tensor,
  y: Tensor,
  { margin = 0, reduction }: MarginOptions = {},
): Tensor {
  [a, b, y] = [raised(a), raised(b), raised(y)];
  sameShapes("marginRanking", a, b);
  sameShapes("marginRanking", a, y);
  return reduced("marginRanking", relu(sub(margin, mul(y, sub(a, b)))), reduction);
}

export interface MultiMarginOptions extends MarginOptions {
  /** 1 or 2. Default 1. */
  readonly p?: number;
  /** [c]: how much each class counts. */
  readonly weight?: Tensor;
}

/**
 * w[t] / c times the sum over j other than t of max(0, margin - x[t] + x[j])^p (torch.nn.functional.multi_margin_loss).
 *
 * @param x [n, c] or [c]
 * @param labels i32 [n] or []
 * @throws ShapeError, DTypeError; OptionError unless p is 1 or 2; IndexError in debug mode, at the next await, for a label
 *   that is no class
 */
export function multiMargin(x: Tensor, labels: Tensor, options: MultiMarginOptions = {}): Tensor {
  x = raised(x);
  const { p = 1, margin = 1, weight, reduction } = options;
  if (p !== 1 && p !== 2) throw new OptionError(`multiMargin: p must be 1 or 2, got ${p}`);
  if (labels.dtype !== "i32") throw new DTypeError(`multiMargin: labels must be i32, got ${labels.dtype}`);
  const c = x.shape.at(-1) ?? 0;
  if (x.rank < 1 || x.rank > 2 || labels.rank !== x.rank - 1 || labels.size * c !== x.size) {
    throw new ShapeError(
      `multiMargin: needs x [n,c] and labels [n], x ${formatShape(x.shape)}, labels ${formatShape(labels.shape)}`,
    );
  }
  reportIndices("multiMargin", labels, c);
  const scores = reshape(x, [labels.size, c]); // [n, c]
  const right = gatherOrZero(scores, 1, reshape(labels, [labels.size, 1])); // [n, 1]
  const over = relu(add(sub(margin, right), scores));
  const others = where(
    eq(oneHotOrZero(reshape(labels, [labels.size]), c), 1),
    0,
    p === 1 ? over : square(over),
  );
  const losses = mul(sum(others, 1), 1 / c); // [n]
  const weighted = weight
    ? mul(losses, indexSelectOrZero(weight, 0, reshape(labels, [labels.size])))
    : losses;
  return reduced("multiMargin", reshape(weighted, labels.shape), reduction);
}

/** PyTorch's, added to the squared lengths. */
const COSINE_EPS = 1e-12;

/**
 * 1 - cos(a, b) where y = 1, max(0, cos(a, b) - margin) where y = -1 (torch.nn.functional.cosine_embedding_loss).
 *
 * @param a [n, d] or [d], as b
 * @param y [n] or []; margin 0 by default
 */
export function cosineEmbedding(
  a: Tensor,
  b: Tensor,
  y: Tensor,
  { margin = 0, reduction }: MarginOptions = {},
): Tensor {
  [a, b] = [raised(a), raised(b)];
  sameShapes("cosineEmbedding", a, b);
  if (y.rank !== a.rank - 1 || y.shape.some((s, i) => s !== a.shape[i])) {
    throw new ShapeError(
      `cosineEmbedding: needs a, b [n,d] and y [n], a ${formatShape(a.shape)}, y ${formatShape(y.shape)}`,
    );
  }
  const length = (t: Tensor) => sqrt(add(sum(square(t), -1), COSINE_EPS));
  const cos = div(sum(mul(a, b), -1), mul(length(a), length(b)));
  const [same, other] = [where(eq(y, -1), 0, sub(1, cos)), where(eq(y, 1), 0, relu(sub(cos, margin)))];
  return reduced("cosineEmbedding", add(same, other), reduction);
}

export interface TripletMarginOptions extends MarginOptions {
  /** Which norm. Default 2. */
  readonly p?: number;
  /** Added to each difference. Default 1e-6. */
  readonly eps?: number;
  /** Takes the distance of negative and positive if it is the smaller one. Default false. */
  readonly swap?: boolean;
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin), d = pairwiseDistance (torch.nn.functional.triplet_margin_loss).
 * [n, d] or [d] each; margin 1 by default.
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor {
  [anchor, positive, negative] = [raised(anchor), raised(positive), raised(negative)];
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction } = options;
  sameShapes("tripletMargin", anchor, positive);
  sameShapes("tripletMargin", anchor, negative);
  const near = pairwiseDistance(anchor, positive, { p, eps });
  const far = pairwiseDistance(anchor, negative, { p, eps });
  const least = swap ? minimum(far, pairwiseDistance(positive, negative, { p, eps })) : far;
  return reduced("tripletMargin", relu(add(sub(near, least), margin)), reduction);
}
