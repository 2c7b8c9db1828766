// How well two masks cover each other: Dice = 2 |a and b| / (|a| + |b|), IoU = |a and b| / |a or b|. Of counts on the host; the
// losses of the same names: functional/overlap_loss.ts.
import { ShapeError } from "../../gpu/errors.ts";

/** Pixels of a prediction, of the truth, and of both. They add up over images. */
export interface Overlap {
  readonly predicted: number;
  readonly truth: number;
  readonly both: number;
}

/** Counts where masks are not 0. Throws ShapeError for different lengths. */
export function overlap(prediction: ArrayLike<number>, truth: ArrayLike<number>): Overlap {
  if (prediction.length !== truth.length)
    throw new ShapeError(
      `overlap: needs two masks of one size, got [${prediction.length}] and [${truth.length}]`,
    );
  const counts = { predicted: 0, truth: 0, both: 0 };
  for (let i = 0; i < truth.length; i++) {
    const [p, t] = [prediction[i] !== 0, truth[i] !== 0];
    if (p) counts.predicted++;
    if (t) counts.truth++;
    if (p && t) counts.both++;
  }
  return counts;
}

/** The counts of all images together: each pixel weighs the same. */
export function pooled(parts: readonly Overlap[]): Overlap {
  const sum = (key: keyof Overlap) => parts.reduce((total, part) => total + part[key], 0);
  return { predicted: sum("predicted"), truth: sum("truth"), both: sum("both") };
}

/** 1 where both masks are empty. Equal to the F1 score of the pixels. */
export function diceOf({ predicted, truth, both }: Overlap): number {
  return predicted + truth === 0 ? 1 : (2 * both) / (predicted + truth);
}

/** Jaccard index; 1 where both masks are empty. */
export function iouOf({ predicted, truth, both }: Overlap): number {
  return predicted + truth === 0 ? 1 : both / (predicted + truth - both);
}

/** The overlap of each plane of [n, ...], `plane` pixels long. */
export function overlaps(prediction: Uint8Array, truth: Uint8Array, plane: number): Overlap[] {
  if (prediction.length !== truth.length || truth.length % plane !== 0)
    throw new ShapeError(
      `overlaps: needs whole planes of ${plane}, got [${prediction.length}] and [${truth.length}]`,
    );
  return Array.from({ length: truth.length / plane }, (_, i) =>
    overlap(prediction.subarray(i * plane, (i + 1) * plane), truth.subarray(i * plane, (i + 1) * plane)),
  );
}
