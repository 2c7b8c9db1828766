// The class whose mean over the training samples is nearest (sklearn.neighbors.NearestCentroid): the simplest classifier that looks
// at its input. On the host, in f64.

import { OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Features } from "./logistic_regression.ts";

export interface NearestCentroidOptions {
  /** Measure distances in standard deviations of each feature over all training samples. Default false. */
  readonly standardize?: boolean;
}

export class NearestCentroid {
  private constructor(
    private readonly shift: Float64Array, // [d]
    private readonly scale: Float64Array, // [d]
    private readonly centroids: readonly (Float64Array | null)[], // each [d]; null: a class without samples
  ) {}

  /** @param labels [n] classes from 0. Throws ShapeError if sizes do not fit, OptionError without samples or for another label. */
  static fit(
    { x, d }: Features,
    labels: ArrayLike<number>,
    { standardize = false }: NearestCentroidOptions = {},
  ): NearestCentroid {
    const n = labels.length;
    if (n === 0) throw new OptionError("NearestCentroid: there are no samples");
    if (x.length !== n * d)
      throw new ShapeError(`NearestCentroid: x must be [n, d], x [${x.length}], d ${d}, labels [${n}]`);
    const shift = new Float64Array(d);
    const scale = new Float64Array(d).fill(1);
    if (standardize) {
      for (let k = 0; k < x.length; k++) shift[k % d]! += x[k]! / n;
      scale.fill(0);
      for (let k = 0; k < x.length; k++) scale[k % d]! += (x[k]! - shift[k % d]!) ** 2 / n;
      for (let k = 0; k < d; k++) scale[k] = Math.sqrt(scale[k]!) || 1;
    }
    const centroids: (Float64Array | null)[] = [];
    const counts: number[] = [];
    for (let i = 0; i < n; i++) {
      const c = labels[i]!;
      if (!(Number.isSafeInteger(c) && c >= 0))
        throw new OptionError(`NearestCentroid: labels must be classes from 0, labels[${i}] is ${c}`);
      const sum = (centroids[c] ??= new Float64Array(d));
      counts[c] = (counts[c] ?? 0) + 1;
      for (let k = 0; k < d; k++) sum[k]! += (x[i * d + k]! - shift[k]!) / scale[k]!;
    }
    const means = Array.from(centroids, (sum, c) => sum?.map((v) => v / counts[c]!) ?? null);
    return new NearestCentroid(shift, scale, means);
  }

  /** The class of each row: [n]. Throws ShapeError if rows have another width. */
  classes({ x, d }: Features): Int32Array {
    const width = this.shift.length;
    if (d !== width || x.length % d !== 0)
      throw new ShapeError(`NearestCentroid: x must be [n, ${width}], x [${x.length / d}, ${d}]`);
    return Int32Array.from({ length: x.length / d }, (_, i) => this.nearest(x, i * d));
  }

  /** Share of rows whose nearest centroid is that of their class. */
  accuracy(features: Features, labels: ArrayLike<number>): number {
    const right = this.classes(features).filter((c, i) => c === labels[i]);
    return right.length / labels.length;
  }

  private nearest(x: ArrayLike<number>, at: number): number {
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    this.centroids.forEach((centroid, c) => {
      if (!centroid) return;
      let distance = 0;
      for (let k = 0; k < centroid.length; k++)
        distance += ((x[at + k]! - this.shift[k]!) / this.scale[k]! - centroid[k]!) ** 2;
      if (distance < least) [best, least] = [c, distance];
    });
    return best;
  }
}
