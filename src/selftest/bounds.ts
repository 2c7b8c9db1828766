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

/** relative * |want| + share * (size, or the largest |want|) + absolute */
const BOUNDS = {
  values: { relative: 1e-5, share: 0, absolute: 1e-6 },
  sums: { relative: 0, share: 2e-6, absolute: 1e-30 },
  largest: { relative: 0, share: 2e-6, absolute: 1e-7 },
  exact: { relative: 0, share: 0, absolute: 0 },
  gradient: { relative: 1e-5, share: 5e-6, absolute: 2e-6 },
  doubleGradient: { relative: 3e-5, share: 1e-5, absolute: 5e-6 },
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
