// The trivial generator of pictures: a Gaussian over pixels with the mean and all the covariances of the given ones. What a GAN
// draws has to be better than that.

import { ShapeError } from "../../gpu/errors.ts";
import type { Generator } from "../../tensor/philox.ts";

/**
 * n samples [n, d] of N(mean, covariance) of `pictures` [m, d]: mean + sum over i of z_i (picture_i - mean) / sqrt(m - 1), with
 * normal z. Cut off at [low, high].
 *
 * @throws ShapeError unless there are two pictures or more
 */
export function pixelGaussian(
  pictures: ArrayLike<number>,
  d: number,
  n: number,
  { generator, low, high }: { generator: Generator; low: number; high: number },
): Float32Array<ArrayBuffer> {
  const m = pictures.length / d;
  if (!(m >= 2 && Number.isInteger(m)))
    throw new ShapeError(
      `pixelGaussian: pictures must be [m, ${d}] with m of 2 or more, ${pictures.length} numbers`,
    );
  const mean = new Float64Array(d);
  for (let i = 0; i < pictures.length; i++) mean[i % d]! += pictures[i]! / m;
  const centred = Float32Array.from(pictures, (v, i) => (v - mean[i % d]!) / Math.sqrt(m - 1)); // [m, d]
  const out = new Float32Array(n * d);
  for (let k = 0; k < n; k++) {
    const sample = out.subarray(k * d, (k + 1) * d);
    sample.set(mean);
    generator.normal(m).forEach((z, i) => {
      for (let j = 0; j < d; j++) sample[j]! += z * centred[i * d + j]!;
    });
    for (let j = 0; j < d; j++) sample[j] = Math.min(high, Math.max(low, sample[j]!));
  }
  return out;
}
