// How well scores find a rare class: precision over recall, and the mean of precision over the positives (average precision).
// Beside it the ROC curve (roc.ts) looks good for any rule where positives are few. On the host, in f64.

import { OptionError } from "../../gpu/errors.ts";
import { countClasses } from "./binary_labels.ts";

/** What a threshold gives: all samples whose score is at least that are called positive. */
export interface PrecisionRecall {
  readonly threshold: number;
  /** Share of those called positive that are. */
  readonly precision: number;
  /** Share of the positives that are called so. */
  readonly recall: number;
}

/**
 * A point for each score there is, thresholds falling; samples of one score stand or fall together
 * (sklearn.metrics.precision_recall_curve in the other direction, without its last point).
 *
 * @param scores [n] @param labels [n] of 0 and 1
 * @throws ShapeError if lengths differ; OptionError without positives, for another label, or a score that is NaN
 */
export function precisionRecall(scores: ArrayLike<number>, labels: ArrayLike<number>): PrecisionRecall[] {
  const [, positives] = countClasses("averagePrecision", scores, labels);
  if (positives === 0)
    throw new OptionError(`averagePrecision: none of ${labels.length} samples is positive`);
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const points: PrecisionRecall[] = [];
  let hits = 0;
  for (const [k, i] of order.entries()) {
    hits += labels[i]!;
    const next = order[k + 1];
    if (next === undefined || scores[next] !== scores[i])
      points.push({ threshold: scores[i]!, precision: hits / (k + 1), recall: hits / positives });
  }
  return points;
}

/**
 * Sum over the points of (recall - recall before) precision (sklearn.metrics.average_precision_score): 1 if all positives score
 * above all others; about the share of positives for scores that know nothing. Errors as precisionRecall.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let before = 0;
  let sum = 0;
  for (const { precision, recall } of precisionRecall(scores, labels)) {
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}
