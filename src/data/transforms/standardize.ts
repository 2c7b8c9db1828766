// Transforms of batches for DataLoader that draw no random numbers. Random ones: augment.ts.
import { OptionError } from "../../gpu/errors.ts";
import type { Transform } from "../loader.ts";

export interface StandardizeOptions<K extends string> {
  mean: number;
  std: number;
  /** What the values are divided by first; default 255, bytes to [0, 1]. */
  range?: number;
  /** Default "x". */
  field?: K;
}

/** Makes a field f32: (v / range - mean) / std, in f64 and rounded once. Throws OptionError if std or range is 0. */
export function standardize<K extends string = "x">(options: StandardizeOptions<K>): Transform<K> {
  const { mean, std, range = 255, field = "x" as K } = options;
  if (![mean, std, range].every(Number.isFinite) || std === 0 || range === 0) {
    throw new OptionError(
      `standardize: needs finite mean, std and range, not 0, got ${mean}, ${std}, ${range}`,
    );
  }
  return (batch) => {
    const { data, shape } = batch[field];
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = (data[i]! / range - mean) / std;
    return { ...batch, [field]: { data: out, shape } };
  };
}
