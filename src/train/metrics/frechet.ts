// Frechet distance between two clouds of feature vectors, each taken for a Gaussian (Dowson & Landau 1982; for generated
// pictures Heusel et al. 2017): |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2). On the CPU in float64. It is 0 only
// for equal means and covariances, and too large for few samples: compare it with real against real of as many.

import { eigh } from "../../functional/dense_eigen.ts";
import { type Matrix, matrix } from "../../functional/dense_matrix.ts";
import { ShapeError } from "../../gpu/errors.ts";

/** Mean [d] and covariance [d, d] (divided by n - 1) of n vectors. */
export interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/**
 * Moments of `features` [n, d], row-major.
 *
 * @throws ShapeError unless there are two rows or more of d numbers
 */
export function moments(features: ArrayLike<number>, d: number): Moments {
  const n = features.length / d;
  if (!(n >= 2 && Number.isInteger(n)))
    throw new ShapeError(
      `moments: features must be [n, ${d}] with n of 2 or more, ${features.length} numbers`,
    );
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) mean[k]! += features[i * d + k]! / n;
  const sums = new Float64Array(d * d);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < d; k++) row[k] = features[i * d + k]! - mean[k]!;
    for (let k = 0; k < d; k++) for (let l = 0; l <= k; l++) sums[k * d + l]! += row[k]! * row[l]!;
  }
  const at = (k: number, l: number) => sums[Math.max(k, l) * d + Math.min(k, l)]! / (n - 1);
  return { mean, covariance: matrix(d, d, at) };
}

/** @throws ShapeError for moments of vectors of different lengths */
export async function frechetDistance(a: Moments, b: Moments): Promise<number> {
  const d = a.mean.length;
  if (b.mean.length !== d)
    throw new ShapeError(`frechetDistance: vectors must have one length, a [${d}], b [${b.mean.length}]`);
  const root = await squareRoot(a.covariance);
  const inner = product(product(root, b.covariance), root);
  const { values } = await eigh(inner);
  // Rounding makes the zeros of a singular covariance slightly negative.
  const cross = values.reduce((sum, v) => sum + Math.sqrt(Math.max(0, v)), 0);
  const between = a.mean.reduce((sum, m, k) => sum + (m - b.mean[k]!) ** 2, 0);
  return between + trace(a.covariance) + trace(b.covariance) - 2 * cross;
}

/** The symmetric square root of a symmetric matrix without negative eigenvalues. */
async function squareRoot(a: Matrix): Promise<Matrix> {
  const { values, vectors } = await eigh(a);
  const n = a.rows;
  const scaled = matrix(n, n, (i, k) => vectors.data[i * n + k]! * Math.sqrt(Math.max(0, values[k]!)));
  const transposed = matrix(n, n, (i, k) => vectors.data[k * n + i]!);
  return product(scaled, transposed);
}

function product(a: Matrix, b: Matrix): Matrix {
  const out = new Float64Array(a.rows * b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.cols; k++) {
      const x = a.data[i * a.cols + k]!;
      for (let j = 0; j < b.cols; j++) out[i * b.cols + j]! += x * b.data[k * b.cols + j]!;
    }
  }
  return { rows: a.rows, cols: b.cols, data: out };
}

function trace({ rows, data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[i * rows + i]!;
  return sum;
}
