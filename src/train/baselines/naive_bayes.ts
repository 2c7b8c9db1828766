// Naive Bayes on bags of words: words as if drawn independently given the class (multinomial with add-one counts;
// sklearn.naive_bayes.MultinomialNB on 0 and 1). On the host, in f64.

import { OptionError } from "../../gpu/errors.ts";
import type { Bag } from "./bag_of_words.ts";

export class NaiveBayes {
  private constructor(
    private readonly prior: number,
    /** log p(word | 1) - log p(word | 0): [vocab] */
    private readonly weights: Float64Array,
  ) {}

  /**
   * @param labels [n] of 0 and 1
   * @param smoothing added to every count; default 1 (Laplace)
   * @throws OptionError for a class without samples
   */
  static fit(bags: readonly Bag[], labels: ArrayLike<number>, vocab: number, smoothing = 1): NaiveBayes {
    const counts = [0, 1].map(() => new Float64Array(vocab).fill(smoothing));
    const samples = [0, 0];
    bags.forEach((bag, i) => {
      const own = counts[labels[i]!]!;
      samples[labels[i]!]!++;
      for (const word of bag) own[word]!++;
    });
    if (samples.includes(0))
      throw new OptionError(`NaiveBayes: needs both classes, got ${samples[0]} of 0 and ${samples[1]} of 1`);
    const totals = counts.map((own) => own.reduce((a, b) => a + b, 0));
    const weights = Float64Array.from(
      { length: vocab },
      (_, w) => Math.log(counts[1]![w]! / totals[1]!) - Math.log(counts[0]![w]! / totals[0]!),
    );
    return new NaiveBayes(Math.log(samples[1]! / samples[0]!), weights);
  }

  /** log p(1 | bag) - log p(0 | bag) of each: [n]. */
  scores(bags: readonly Bag[]): Float64Array {
    return Float64Array.from(bags, (bag) => bag.reduce((sum, word) => sum + this.weights[word]!, this.prior));
  }
}
