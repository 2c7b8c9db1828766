// ntXent: the loss of SimCLR and, with one direction, InfoNCE. Triplets: margin_loss.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { mul } from "../kernels/binary.ts";
import { cat } from "../kernels/concat.ts";
import { crossEntropy } from "../kernels/cross_entropy.ts";
import { diagEmbed } from "../kernels/diagonal.ts";
import { batchedMatmul } from "../kernels/matmul.ts";
import { where } from "../kernels/where.ts";
import { raised } from "../tensor/autocast.ts";
import { arange, full } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, sameShapes } from "./loss_reduction.ts";
import { normalize } from "./similarity.ts";

export interface NtXentOptions extends LossOptions {
  /** Divides the cosines. Default 0.5. */
  readonly temperature?: number;
}

/** A logit whose exponential is 0 beside any cosine, without infinities. */
const NEVER = -1e9;

/**
 * Normalised temperature-scaled cross entropy (NT-Xent, Chen et al. 2020, equation 1): each of the 2n views [a; b] shall
 * find its partner among the other 2n - 1 by cosine. "none" gives [2n].
 *
 * @param a [n, d], one view of each sample
 * @param b [n, d], the other
 * @throws ShapeError for other shapes; OptionError unless temperature is positive
 */
export function ntXent(a: Tensor, b: Tensor, { temperature = 0.5, reduction }: NtXentOptions = {}): Tensor {
  [a, b] = [raised(a), raised(b)];
  const n = pairs("ntXent", a, b, temperature);
  const z = normalize(cat([a, b])); // [2n, d]
  const cosines = mul(batchedMatmul(z, z, { transB: true }), 1 / temperature); // [2n, 2n]
  const itself = diagEmbed(full([2 * n], 1, { dtype: "bool", device: a.device }));
  const row = (from: number) => arange(from, from + n, 1, { device: a.device, dtype: "i32" });
  return crossEntropy(where(itself, NEVER, cosines), cat([row(n), row(0)]), { reduction });
}

/**
 * InfoNCE (van den Oord et al. 2018, equation 4): row i of a shall find row i of b among all rows of b by cosine. "none"
 * gives [n]; temperature 0.5 by default. The symmetric loss of CLIP is the mean of both directions.
 *
 * @param a [n, d]
 * @param b [n, d]
 */
export function infoNce(a: Tensor, b: Tensor, { temperature = 0.5, reduction }: NtXentOptions = {}): Tensor {
  [a, b] = [raised(a), raised(b)];
  const n = pairs("infoNce", a, b, temperature);
  const cosines = mul(batchedMatmul(normalize(a), normalize(b), { transB: true }), 1 / temperature); // [n, n]
  return crossEntropy(cosines, arange(0, n, 1, { device: a.device, dtype: "i32" }), { reduction });
}

function pairs(name: string, a: Tensor, b: Tensor, temperature: number): number {
  sameShapes(name, a, b);
  if (a.rank !== 2) throw new ShapeError(`${name}: needs two [n,d], got ${formatShape(a.shape)}`);
  if (!(temperature > 0)) throw new OptionError(`${name}: temperature must be positive, got ${temperature}`);
  return a.shape[0];
}
