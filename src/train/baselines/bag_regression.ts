// Logistic regression on bags of words (sklearn.linear_model.LogisticRegression with C = 1 on 0 and 1). Rows are lists of words,
// as dense rows would be nearly all zeros: for those logistic_regression.ts. On the host, in f64.

import { OptionError } from "../../gpu/errors.ts";
import type { Bag } from "./bag_of_words.ts";
import { minimize } from "./lbfgs.ts";

const ITERATIONS = 150;
const TOLERANCE = 1e-2;

export class BagRegression {
  private constructor(
    /** [vocab], and the bias behind them. */
    private readonly weights: Float64Array,
  ) {}

  /**
   * @param labels [n] of 0 and 1
   * @param l2 weight of the penalty; the bias has none. Default 1.
   * @throws OptionError for a class without samples
   */
  static async fit(
    bags: readonly Bag[],
    labels: ArrayLike<number>,
    vocab: number,
    l2 = 1,
  ): Promise<BagRegression> {
    if (new Set(Array.from(labels)).size !== 2)
      throw new OptionError(`BagRegression: needs both classes in ${labels.length} labels`);
    const cost = (w: Float64Array, gradient: Float64Array): number => {
      gradient.fill(0);
      let loss = 0;
      bags.forEach((bag, i) => {
        const z = score(bag, w, vocab);
        loss += Math.max(z, 0) - labels[i]! * z + Math.log1p(Math.exp(-Math.abs(z))); // log(1 + e^z) - y z
        const slope = 1 / (1 + Math.exp(-z)) - labels[i]!;
        for (const word of bag) gradient[word]! += slope;
        gradient[vocab]! += slope;
      });
      for (let k = 0; k < vocab; k++) {
        loss += (l2 / 2) * w[k]! ** 2;
        gradient[k]! += l2 * w[k]!;
      }
      return loss;
    };
    const options = { iterations: ITERATIONS, tolerance: TOLERANCE };
    return new BagRegression((await minimize(cost, new Float64Array(vocab + 1), options)).x);
  }

  /** log p(1 | bag) - log p(0 | bag) of each: [n]. */
  scores(bags: readonly Bag[]): Float64Array {
    return Float64Array.from(bags, (bag) => score(bag, this.weights, this.weights.length - 1));
  }
}

function score(bag: Bag, w: Float64Array, vocab: number): number {
  let z = w[vocab]!;
  for (const word of bag) z += w[word]!;
  return z;
}
