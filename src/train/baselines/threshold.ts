// The best that one threshold on the grey value can do: every pixel darker than it belongs to the mask.

export interface Threshold {
  readonly value: number;
  /** Dice on the pixels it was chosen on. */
  readonly dice: number;
}

const STEPS = 512;

/** The threshold with the highest Dice of "x below it" against `masks`, of 512 evenly spaced ones. */
export function bestThreshold(x: Float32Array, masks: Uint8Array): Threshold {
  let [low, high, truth] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < x.length; i++) {
    low = Math.min(low, x[i]!);
    high = Math.max(high, x[i]!);
    truth += masks[i]!;
  }
  const width = (high - low) / STEPS || 1;
  const [all, both] = [new Float64Array(STEPS + 1), new Float64Array(STEPS + 1)];
  for (let i = 0; i < x.length; i++) {
    const bin = Math.floor((x[i]! - low) / width);
    all[bin]!++;
    both[bin]! += masks[i]!;
  }
  let best: Threshold = { value: low, dice: 0 };
  for (let bin = 0, predicted = 0, hits = 0; bin < STEPS; bin++) {
    predicted += all[bin]!;
    hits += both[bin]!;
    const dice = (2 * hits) / (predicted + truth);
    if (dice > best.dice) best = { value: low + (bin + 1) * width, dice };
  }
  return best;
}

/** 1 where x is below the threshold. */
export function below(x: Float32Array, { value }: Threshold): Uint8Array {
  return Uint8Array.from(x, (v) => (v < value ? 1 : 0));
}
