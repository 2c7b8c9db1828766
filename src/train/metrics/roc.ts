// How well scores tell two classes apart: ROC curve, the area under it, and what one threshold gives. A sample is called positive
// if its score is at least the threshold. On the host, in f64. Probabilities: calibration.ts; intervals: bootstrap.ts.

import { OptionError } from "../../gpu/errors.ts";
import { countClasses } from "./binary_labels.ts";

/** What a threshold gives. */
export interface Operating {
  readonly threshold: number;
  /** Share of the positives that are called so. */
  readonly sensitivity: number;
  /** Share of the negatives that are called so. */
  readonly specificity: number;
  /** [2, 2], rows = truth, columns = call. */
  readonly confusion: readonly [readonly [number, number], readonly [number, number]];
}

/**
 * All operating points, thresholds falling from Infinity (nothing is called positive) to the least score (all is); samples of one
 * score stand or fall together (sklearn.metrics.roc_curve).
 *
 * @param scores [n] @param labels [n] of 0 and 1
 * @throws ShapeError if lengths differ; OptionError for a class without samples, another label, or a score that is NaN
 */
export function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): Operating[] {
  const [negatives, positives] = bothClasses("rocCurve", scores, labels);
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const point = (threshold: number, hits: number, alarms: number) =>
    operating(threshold, { hits, positives, alarms, negatives });
  const points = [point(Number.POSITIVE_INFINITY, 0, 0)];
  let hits = 0;
  let alarms = 0;
  for (const [k, i] of order.entries()) {
    if (labels[i] === 1) hits++;
    else alarms++;
    const next = order[k + 1];
    if (next === undefined || scores[next] !== scores[i]) points.push(point(scores[i]!, hits, alarms));
  }
  return points;
}

/**
 * Area under the ROC curve: P(positive > negative) + P(equal) / 2 for a random pair (Mann and Whitney 1947;
 * sklearn.metrics.roc_auc_score). Errors as rocCurve.
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const [negatives, positives] = bothClasses("auc", scores, labels);
  const order = Float64Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let below = 0; // negatives of a lower score
  let pairs = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let tied = 0;
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++)
      tied += labels[order[to]!]!;
    const others = to - from - tied;
    pairs += tied * (below + others / 2);
    below += others;
    from = to;
  }
  return pairs / (positives * negatives);
}

/** The point of largest sensitivity + specificity - 1 (Youden 1950); of equals the one of the highest threshold. Errors as rocCurve. */
export function youden(scores: ArrayLike<number>, labels: ArrayLike<number>): Operating {
  const points = rocCurve(scores, labels);
  const gain = (p: Operating) => p.sensitivity + p.specificity;
  return points.reduce((best, p) => (gain(p) > gain(best) ? p : best));
}

/** What a threshold that was chosen elsewhere gives. Errors as rocCurve, and for a threshold that is NaN. */
export function operatingAt(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  threshold: number,
): Operating {
  if (Number.isNaN(threshold)) throw new OptionError("operatingAt: threshold is NaN");
  const [negatives, positives] = bothClasses("operatingAt", scores, labels);
  const called = Array.from(scores, (s) => Number(s >= threshold));
  const hits = called.filter((c, i) => c === 1 && labels[i] === 1).length;
  const alarms = called.filter((c, i) => c === 1 && labels[i] === 0).length;
  return operating(threshold, { hits, positives, alarms, negatives });
}

/** `hits` of the positives and `alarms` of the negatives are called positive. */
function operating(
  threshold: number,
  { hits, positives, alarms, negatives }: Record<"hits" | "positives" | "alarms" | "negatives", number>,
): Operating {
  return {
    threshold,
    sensitivity: hits / positives,
    specificity: (negatives - alarms) / negatives,
    confusion: [
      [negatives - alarms, alarms],
      [positives - hits, hits],
    ],
  };
}

/** Negatives and positives, both of which there must be. */
function bothClasses(
  name: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): readonly [negatives: number, positives: number] {
  const [negatives, positives] = countClasses(name, scores, labels);
  if (negatives === 0 || positives === 0)
    throw new OptionError(
      `${name}: needs samples of both classes, got ${negatives} of 0 and ${positives} of 1`,
    );
  return [negatives, positives];
}
