// The simplest classifier that looks at its input: the class whose mean over the training samples is nearest.

import { OptionError, ShapeError } from "../../gpu/errors.ts";

export class NearestMean {
  /** [classes, d] */
  readonly means: Float64Array;

  /**
   * @param x [n, d] @param labels [n] of 0 .. classes - 1
   * @throws ShapeError unless x has a row for every label; OptionError for a label out of range, a class without samples
   */
  constructor(
    x: ArrayLike<number>,
    labels: ArrayLike<number>,
    readonly classes: number,
  ) {
    const d = x.length / labels.length;
    if (!Number.isInteger(d))
      throw new ShapeError(
        `NearestMean: x must be [n, d] with n labels, x [${x.length}], labels [${labels.length}]`,
      );
    const means = new Float64Array(classes * d);
    const counts = new Array<number>(classes).fill(0);
    for (let i = 0; i < labels.length; i++) {
      const c = labels[i]!;
      if (counts[c] === undefined)
        throw new OptionError(`NearestMean: labels[${i}] is ${c}, not 0 .. ${classes - 1}`);
      counts[c]++;
      for (let k = 0; k < d; k++) means[c * d + k]! += x[i * d + k]!;
    }
    const empty = counts.indexOf(0);
    if (empty >= 0) throw new OptionError(`NearestMean: no sample of class ${empty}`);
    for (let i = 0; i < means.length; i++) means[i]! /= counts[Math.floor(i / d)]!;
    this.means = means;
  }

  /** Share of samples whose nearest mean is that of their class. */
  accuracy(x: ArrayLike<number>, labels: ArrayLike<number>): number {
    const d = this.means.length / this.classes;
    let right = 0;
    for (let i = 0; i < labels.length; i++) if (this.nearest(x, i * d) === labels[i]) right++;
    return right / labels.length;
  }

  private nearest(x: ArrayLike<number>, at: number): number {
    const d = this.means.length / this.classes;
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let c = 0; c < this.classes; c++) {
      let distance = 0;
      for (let k = 0; k < d; k++) distance += (x[at + k]! - this.means[c * d + k]!) ** 2;
      if (distance < least) [best, least] = [c, distance];
    }
    return best;
  }
}
