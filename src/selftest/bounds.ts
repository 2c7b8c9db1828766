// How far a result of f32 arithmetic may be from its float64 reference.
export interface Bound {
  readonly kind: "values" | "sums" | "largest" | "exact" | "gradient" | "doubleGradient";
  /** Per element: the size that rounding errors go with. */
  readonly sizes?: ArrayLike<number>;
  readonly factor?: number;
}

/** The largest errors so far, |got - want| / max(1, largest |want|). */
export interface Worst {
  forward: number;
  gradient: number;
  doubleGradient: number;
}

export interface Comparison {
  readonly error: number;
  /** "" if all are within bounds. */
  readonly failure: string;
}

/** Differences of the reference, in float64, are off by this themselves: first ones, and second ones. */
const DIFFERENCE = 1e-9;
const SECOND_DIFFERENCE = 1e-6;

/**
 * relative * |want| + share * S + absolute. S: the op of the absolute inputs where a row says "sums", else the largest |want|;
 * for a sum of products along a direction at least the sum of their absolute values. A row that needs more has a `tolerance`
 * and says why.
 */
const BOUNDS = {
  values: { relative: 1e-5, share: 0, absolute: 1e-6 },
  sums: { relative: 0, share: 2e-6, absolute: 0 },
  largest: { relative: 0, share: 2e-6, absolute: 0 },
  exact: { relative: 0, share: 0, absolute: 0 },
  gradient: { relative: 0, share: 1e-5, absolute: DIFFERENCE },
  doubleGradient: { relative: 0, share: 1e-5, absolute: SECOND_DIFFERENCE },
} as const satisfies Record<Bound["kind"], object>;

/** NaN equals NaN, and an infinity itself. */
export function compareValues(got: ArrayLike<number>, want: ArrayLike<number>, bound: Bound): Comparison {
  if (got.length !== want.length)
    return { error: Number.MAX_VALUE, failure: `${got.length} values, not ${want.length}` };
  let largest = 0;
  for (let i = 0; i < want.length; i++)
    if (Number.isFinite(want[i])) largest = Math.max(largest, Math.abs(want[i]));
  const { relative, share, absolute } = BOUNDS[bound.kind];
  let error = 0;
  let failure = "";
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i], want[i]];
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    const off = Math.abs(g - w);
    if (Number.isFinite(off)) error = Math.max(error, off / Math.max(1, largest));
    const size = Math.max(Math.abs(bound.sizes?.[i] ?? largest), bound.kind === "sums" ? 0 : largest);
    const allowed = (bound.factor ?? 1) * (relative * Math.abs(w) + share * size + absolute);
    if (!(off <= allowed) && !failure)
      failure = `[${i}] is ${g}, should be ${w}, allowed ${allowed.toExponential(1)}`;
  }
  return { error, failure };
}
