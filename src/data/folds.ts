// Cross-validation: every sample is judged once, by a model that was trained without it.
import { OptionError } from "../gpu/errors.ts";
import { Generator } from "../tensor/philox.ts";

/**
 * The fold that each sample is held out in, classes spread evenly: the fold sizes of a class differ by one at most
 * (sklearn.model_selection.StratifiedKFold with shuffle, not its order). The same seed gives the same folds.
 *
 * @param labels [n] classes from 0
 * @throws OptionError unless 2 <= folds, and every class has that many samples: one would miss in a fold
 */
export function stratifiedFolds(labels: ArrayLike<number>, folds: number, seed: number): Int32Array {
  if (!(Number.isInteger(folds) && folds >= 2))
    throw new OptionError(`stratifiedFolds: folds must be a whole number from 2, got ${folds}`);
  const generator = new Generator(seed).fork("folds");
  const found = new Int32Array(labels.length);
  let next = 0; // goes on from class to class, so that folds are of one size
  for (const label of new Set(Array.from(labels).sort((a, b) => a - b))) {
    const own = Array.from(labels, (_, i) => i).filter((i) => labels[i] === label);
    if (own.length < folds)
      throw new OptionError(
        `stratifiedFolds: class ${label} has ${own.length} samples, too few for ${folds} folds`,
      );
    for (const k of generator.permutation(own.length)) found[own[k]!] = next++ % folds;
  }
  return found;
}
