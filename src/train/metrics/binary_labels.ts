// What every metric of two classes asks of its arguments.

import { OptionError, ShapeError } from "../../gpu/errors.ts";

/**
 * How many samples there are of class 0 and of class 1. `name` stands in messages.
 *
 * @param scores [n] @param labels [n] of 0 and 1
 * @throws ShapeError if lengths differ; OptionError for another label, or a score that is NaN
 */
export function countClasses(
  name: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): readonly [negatives: number, positives: number] {
  if (scores.length !== labels.length)
    throw new ShapeError(`${name}: one label a score, scores [${scores.length}], labels [${labels.length}]`);
  const counts: [number, number] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label !== 0 && label !== 1)
      throw new OptionError(`${name}: labels must be 0 or 1, labels[${i}] is ${label}`);
    if (Number.isNaN(scores[i])) throw new OptionError(`${name}: scores[${i}] is NaN`);
    counts[label]++;
  }
  return counts;
}
