// The nearest class mean (sklearn.neighbors.NearestCentroid on standardised features): what a classifier has to be better than
// that looks at each feature by itself. On the host, in f64.

import { OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Features } from "./logistic_regression.ts";

export class NearestCentroid {
  private constructor(
    private readonly means: Float64Array, // [d]
    private readonly stds: Float64Array, // [d]
    private readonly centroids: readonly (Float64Array | null)[], // each [d]; null: a class without samples
  ) {}

  /** @param labels [n] classes from 0. Throws ShapeError if sizes do not fit, OptionError without samples. */
  static fit({ x, d }: Features, labels: ArrayLike<number>): NearestCentroid {
    const n = labels.length;
    if (n === 0) throw new OptionError("NearestCentroid: there are no samples");
    if (x.length !== n * d)
      throw new ShapeError(`NearestCentroid: x must be [n, d], x [${x.length}], d ${d}, labels [${n}]`);
    const means = new Float64Array(d);
    const stds = new Float64Array(d);
    for (let k = 0; k < x.length; k++) means[k % d]! += x[k]! / n;
    for (let k = 0; k < x.length; k++) stds[k % d]! += (x[k]! - means[k % d]!) ** 2 / n;
    for (let k = 0; k < d; k++) stds[k] = Math.sqrt(stds[k]!) || 1;
    const centroids = Array.from({ length: Math.max(...Array.from(labels)) + 1 }, (_, c) => {
      const own = Array.from({ length: n }, (_, i) => i).filter((i) => labels[i] === c);
      if (own.length === 0) return null;
      const scaled = (i: number, k: number) => (x[i * d + k]! - means[k]!) / stds[k]!;
      return Float64Array.from(
        { length: d },
        (_, k) => own.reduce((sum, i) => sum + scaled(i, k), 0) / own.length,
      );
    });
    return new NearestCentroid(means, stds, centroids);
  }

  /** The class of each row: [n]. Throws ShapeError if rows have another width. */
  classes({ x, d }: Features): Int32Array {
    if (d !== this.means.length || x.length % d !== 0)
      throw new ShapeError(`NearestCentroid: x must be [n, ${this.means.length}], x [${x.length / d}, ${d}]`);
    const distance = (i: number, centroid: Float64Array | null) => {
      if (!centroid) return Number.POSITIVE_INFINITY;
      let sum = 0;
      for (let k = 0; k < d; k++)
        sum += ((x[i * d + k]! - this.means[k]!) / this.stds[k]! - centroid[k]!) ** 2;
      return sum;
    };
    return Int32Array.from({ length: x.length / d }, (_, i) => {
      const distances = this.centroids.map((c) => distance(i, c));
      return distances.indexOf(Math.min(...distances));
    });
  }
}
