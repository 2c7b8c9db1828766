// The parts of a classifier's page: accuracy with its interval, classes, confusion matrix, first-layer filters, worst mistakes.

import { ShapeError } from "../../gpu/errors.ts";
import { confusionSections, tally, wilson } from "./confusion.ts";
import { filtersSection, mistakesSection } from "./pictures.ts";
import type { Tile } from "./report.ts";
import { count, percent } from "./text.ts";

export interface ClassifierParts {
  readonly classes: readonly string[];
  /** [classes, classes], rows = truth, columns = guess. */
  readonly confusion: readonly (readonly number[])[];
  /** Weights of the first convolution, [o, c, kh, kw]. Default: not shown. */
  readonly filters?: { readonly data: Float32Array; readonly shape: readonly number[] };
  /** Worst first. */
  readonly mistakes: readonly ReportedMistake[];
}

export interface ReportedMistake {
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  /** Probability given to the guess and to the truth. */
  readonly confidence: number;
  readonly truthProbability: number;
  readonly width: number;
  readonly height: number;
  /** [height, width] grey, or [height, width, 3] in colour. */
  readonly pixels: Uint8Array;
}

/** Sections in their order. Throws ShapeError for parts that do not fit each other. */
export function classifierSections(parts: ClassifierParts): string[] {
  const n = parts.classes.length;
  if (parts.confusion.length !== n || parts.confusion.some((row) => row.length !== n)) {
    const shape = `[${parts.confusion.length},${parts.confusion.map((row) => row.length).join("/")}]`;
    throw new ShapeError(
      `renderReport: confusion must be [classes, classes], classes [${n}], confusion ${shape}`,
    );
  }
  const filters = parts.filters ? [filtersSection(parts.filters)] : [];
  return [confusionSections(parts), ...filters, mistakesSection(parts)];
}

/** Accuracy with its 95 % interval, and how many are wrong; none if nothing was judged. */
export function accuracyTiles(confusion: ClassifierParts["confusion"]): Tile[] {
  const { total, right } = tally(confusion);
  if (!total) return [];
  const [low, high] = wilson(right, total);
  const interval = `${percent(low, 2)} to ${percent(high, 2)}`;
  return [
    { value: percent(right / total, 2), label: `accuracy (95 % interval ${interval})`, main: true },
    { value: count(total - right), label: `wrong of ${count(total)}` },
  ];
}
