// Edit distance of two sequences (Levenshtein 1966): the fewest insertions, deletions and substitutions that turn one into the
// other; and the error rate of many, edits / tokens of the references, as speech recognition reports it.
import { OptionError } from "../../gpu/errors.ts";

export function editDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  // row[j]: the distance of what was read of `a` to the first j of `b`
  const row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = Math.min(substituted, row[j] + 1, row[j - 1] + 1);
    }
  }
  return row[b.length];
}

export interface Written {
  readonly written: ArrayLike<number>;
  readonly reference: ArrayLike<number>;
}

export interface ErrorRates {
  /** Edits / tokens of all references: may exceed 1. */
  readonly tokens: number;
  /** Share of sequences with an error. */
  readonly sequences: number;
}

/** Throws OptionError where the references have no token. */
export function errorRates(pairs: readonly Written[]): ErrorRates {
  let edits = 0;
  let tokens = 0;
  let wrong = 0;
  for (const { written, reference } of pairs) {
    const distance = editDistance(written, reference);
    edits += distance;
    tokens += reference.length;
    if (distance > 0) wrong++;
  }
  if (tokens === 0) throw new OptionError("errorRates: the references have no token");
  return { tokens: edits / tokens, sequences: wrong / pairs.length };
}
