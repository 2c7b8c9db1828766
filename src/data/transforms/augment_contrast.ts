// Random contrast and brightness of standardised images: x gain + offset, drawn anew for each sample. Put it after standardize.
import { OptionError } from "../../gpu/errors.ts";
import type { Transform } from "../loader.ts";

export interface ContrastOptions<K extends string = "x"> {
  /** Gain drawn evenly from [1 - gain, 1 + gain], below 1. Default 0. */
  readonly gain?: number;
  /** Offset drawn evenly from [-offset, offset]. Default 0. */
  readonly offset?: number;
  /** Default "x". */
  readonly field?: K;
}

/** The transform; the field becomes f32 [n, ...]. Throws OptionError for a gain outside [0, 1) or an offset below 0. */
export function randomContrast<K extends string = "x">(options: ContrastOptions<K>): Transform<K> {
  const { gain = 0, offset = 0, field = "x" as K } = options;
  if (!(gain >= 0 && gain < 1) || !(offset >= 0 && Number.isFinite(offset)))
    throw new OptionError(`randomContrast: needs 0 <= gain < 1 and offset >= 0, got ${gain}, ${offset}`);
  return (batch, generator) => {
    const { data, shape } = batch[field];
    const n = shape[0]!;
    const u = generator.uniform(2 * n, -1, 1);
    const out = new Float32Array(data.length);
    const each = data.length / n;
    for (let i = 0; i < n; i++) {
      const [a, b] = [1 + gain * u[2 * i]!, offset * u[2 * i + 1]!];
      for (let k = i * each; k < (i + 1) * each; k++) out[k] = data[k]! * a + b;
    }
    return { ...batch, [field]: { data: out, shape } };
  };
}
