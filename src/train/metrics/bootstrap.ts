// Intervals by the bootstrap (Efron 1979): how a figure varies over samples drawn anew, with replacement, from those at hand. It
// tells of the luck of the sample, not of the luck of the training.

import { OptionError } from "../../gpu/errors.ts";
import { Generator } from "../../tensor/philox.ts";

export interface BootstrapOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Default 2000. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly level?: number;
}

/**
 * Percentile interval of `statistic(indices)`. Each class is drawn on its own and keeps its size, so that no sample lacks one.
 *
 * @param labels [n] classes, from which n indices are drawn
 * @throws OptionError for no samples, resamples that are no positive integer, a level outside (0, 1)
 */
export function bootstrapInterval(
  labels: ArrayLike<number>,
  statistic: (indices: Int32Array) => number,
  { seed = 0, resamples = 2000, level = 0.95 }: BootstrapOptions = {},
): [low: number, high: number] {
  if (labels.length === 0) throw new OptionError("bootstrapInterval: no samples");
  if (!(Number.isSafeInteger(resamples) && resamples > 0))
    throw new OptionError(`bootstrapInterval: resamples must be a positive integer, got ${resamples}`);
  if (!(level > 0 && level < 1))
    throw new OptionError(`bootstrapInterval: level must lie in (0, 1), got ${level}`);
  const groups = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const group = groups.get(labels[i]!);
    if (group) group.push(i);
    else groups.set(labels[i]!, [i]);
  }
  const generator = new Generator(seed).fork("bootstrap");
  const values = new Float64Array(resamples);
  const indices = new Int32Array(labels.length);
  for (let r = 0; r < resamples; r++) {
    const u = generator.uniform(labels.length);
    let at = 0;
    for (const group of groups.values())
      for (let k = 0; k < group.length; k++, at++) indices[at] = group[Math.floor(u[at]! * group.length)]!;
    values[r] = statistic(indices);
  }
  values.sort();
  return [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)];
}

/** Linear between the sorted values (numpy.quantile's default). */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
