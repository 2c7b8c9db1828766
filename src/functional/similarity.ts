// Lengths, distances and angles of vectors along an axis: normalize, pairwiseDistance, cosineSimilarity. Losses of them:
// margin_loss.ts, contrastive_loss.ts.

import { add, div, mul, sub } from "../kernels/binary.ts";
import { maximum } from "../kernels/extremes.ts";
import { sum } from "../kernels/reduce.ts";
import { norm } from "../kernels/vector_norm.ts";
import { raised } from "../tensor/autocast.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { needsFloat } from "./loss_reduction.ts";

export interface NormalizeOptions {
  /** Which norm. Default 2. */
  readonly p?: number;
  /** Default 1. */
  readonly axis?: number;
  /** The least length that is divided by. Default 1e-12. */
  readonly eps?: number;
}

/** x / max(||x||_p, eps) along an axis (torch.nn.functional.normalize). */
export function normalize(x: Tensor, { p = 2, axis = 1, eps = 1e-12 }: NormalizeOptions = {}): Tensor {
  needsFloat("normalize", x);
  x = raised(x);
  return div(x, maximum(norm(x, { p, axes: axis, keepdim: true }), eps));
}

export interface PairwiseDistanceOptions {
  /** Which norm. Default 2. */
  readonly p?: number;
  /** Added to each difference: no length of 0. Default 1e-6. */
  readonly eps?: number;
  /** Default false. */
  readonly keepdim?: boolean;
}

/** ||a - b + eps||_p over the last axis (torch.nn.functional.pairwise_distance); shapes broadcast. */
export function pairwiseDistance(a: Tensor, b: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  needsFloat("pairwiseDistance", a);
  [a, b] = [raised(a), raised(b)];
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  return norm(add(sub(a, b), eps), { p, axes: -1, keepdim });
}

export interface CosineSimilarityOptions {
  /** Default 1. */
  readonly axis?: number;
  /** The least length that is divided by. Default 1e-8. */
  readonly eps?: number;
}

/** a . b / (max(||a||, eps) max(||b||, eps)) along an axis, which goes (torch.nn.functional.cosine_similarity). */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { axis = 1, eps = 1e-8 }: CosineSimilarityOptions = {},
): Tensor {
  needsFloat("cosineSimilarity", a);
  [a, b] = [raised(a), raised(b)];
  return sum(mul(normalize(a, { axis, eps }), normalize(b, { axis, eps })), axis);
}
