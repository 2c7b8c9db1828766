// Logistic regression, the linear model that a network has to be better than: p = 1 / (1 + exp(-(x w + b))), with w and b of the
// least sum of cross entropies + l2 / 2 |w|^2 (sklearn.linear_model.LogisticRegression with C = 1 / l2). On the host, in f64.

import { OptionError, ShapeError } from "../../gpu/errors.ts";
import { type MinimizeOptions, minimize } from "./lbfgs.ts";

/** Samples as rows of numbers. */
export interface Features {
  /** [n, d] */
  readonly x: Float64Array | Float32Array | Uint8Array;
  readonly d: number;
}

export interface LogisticRegressionOptions extends MinimizeOptions {
  /** Weight of the penalty; the bias has none. Default 1. */
  readonly l2?: number;
}

export class LogisticRegression {
  private constructor(
    /** [d] */
    readonly weights: Float64Array,
    readonly bias: number,
    /** Whether the minimum was reached. */
    readonly converged: boolean,
  ) {}

  /**
   * Features should be of one scale, near 1: the penalty weighs all alike.
   *
   * @param labels [n] of 0 and 1
   * @throws ShapeError if sizes do not fit; OptionError for a feature that is not finite, another label, a class without samples, a
   *   penalty below 0
   */
  static async fit(
    { x, d }: Features,
    labels: ArrayLike<number>,
    { l2 = 1, ...options }: LogisticRegressionOptions = {},
  ): Promise<LogisticRegression> {
    checkTraining({ x, d }, labels, l2);
    const cost = (w: Float64Array, gradient: Float64Array): number => {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < labels.length; i++) {
        const row = x.subarray(i * d, (i + 1) * d);
        const z = score(row, w, w[d]!);
        const y = labels[i]!;
        // log(1 + e^z) - y z, without overflow
        loss += Math.max(z, 0) - y * z + Math.log1p(Math.exp(-Math.abs(z)));
        const slope = 1 / (1 + Math.exp(-z)) - y;
        for (let k = 0; k < d; k++) gradient[k]! += slope * row[k]!;
        gradient[d]! += slope;
      }
      for (let k = 0; k < d; k++) {
        loss += (l2 / 2) * w[k]! ** 2;
        gradient[k]! += l2 * w[k]!;
      }
      return loss;
    };
    const found = await minimize(cost, new Float64Array(d + 1), options);
    return new LogisticRegression(found.x.slice(0, d), found.x[d]!, found.converged);
  }

  /** x w + b of every row: [n]. Throws ShapeError if rows have another width. */
  scores({ x, d }: Features): Float64Array {
    if (d !== this.weights.length || x.length % d !== 0)
      throw new ShapeError(
        `LogisticRegression: x must be [n, ${this.weights.length}], x [${x.length / d}, ${d}]`,
      );
    return Float64Array.from({ length: x.length / d }, (_, i) =>
      score(x.subarray(i * d, (i + 1) * d), this.weights, this.bias),
    );
  }
}

function score(row: ArrayLike<number>, w: Float64Array, bias: number): number {
  let z = bias;
  for (let k = 0; k < row.length; k++) z += w[k]! * row[k]!;
  return z;
}

function checkTraining({ x, d }: Features, labels: ArrayLike<number>, l2: number): void {
  if (!(l2 >= 0 && Number.isFinite(l2)))
    throw new OptionError(`LogisticRegression: l2 must be 0 or more, got ${l2}`);
  if (!(Number.isSafeInteger(d) && d > 0) || x.length !== labels.length * d)
    throw new ShapeError(
      `LogisticRegression: x must be [n, d] with n labels, x [${x.length}], d ${d}, labels [${labels.length}]`,
    );
  const bad = x.findIndex((v: number) => !Number.isFinite(v));
  if (bad >= 0)
    throw new OptionError(
      `LogisticRegression: feature ${bad % d} of sample ${Math.floor(bad / d)} is ${x[bad]}`,
    );
  const counts = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label !== 0 && label !== 1)
      throw new OptionError(`LogisticRegression: labels must be 0 or 1, labels[${i}] is ${label}`);
    counts[label]!++;
  }
  if (counts.includes(0))
    throw new OptionError(
      `LogisticRegression: needs both classes, got ${counts[0]} of 0 and ${counts[1]} of 1`,
    );
}
