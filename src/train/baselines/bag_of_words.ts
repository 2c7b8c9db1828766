// Texts as bags: which words of a vocabulary they have, whatever their order and number. What a model that reads has to be
// better than: naive_bayes.ts, bag_regression.ts.

/** Numbers of the words that a text has, each once, rising. */
export type Bag = Int32Array;

/** Bags of encoded texts, without the numbers below `first`, which are no words. */
export function bagsOf(texts: readonly Int32Array[], first: number): Bag[] {
  return texts.map((ids) => Int32Array.from(new Set(ids.filter((id) => id >= first))).sort());
}

/** The share of bags whose score is above 0 just where the label is 1. */
export function signAccuracy(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const right = Array.from(scores).filter((s, i) => Number(s > 0) === labels[i]).length;
  return right / scores.length;
}
