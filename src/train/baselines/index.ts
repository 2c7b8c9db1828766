// The `baselines` namespace: the trivial ways that a network has to be better than.

export { type Bag, bagsOf, signAccuracy } from "./bag_of_words.ts";
export { BagRegression } from "./bag_regression.ts";
export { type LetterPhonemes, letterPhonemes } from "./letter_phonemes.ts";
export { type Features, LogisticRegression, type LogisticRegressionOptions } from "./logistic_regression.ts";
export { NaiveBayes } from "./naive_bayes.ts";
export { NearestCentroid, type NearestCentroidOptions } from "./nearest_centroid.ts";
export { neighbourMasks, type Stack } from "./neighbour_masks.ts";
export { type NgramNats, ngramNats } from "./ngram.ts";
export { pixelGaussian } from "./pixel_gaussian.ts";
export { below, bestThreshold, type Threshold } from "./threshold.ts";
