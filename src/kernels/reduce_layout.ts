// Which axes a reduction folds, as sizes [k1, r1, k2, r2, inner]: neighbouring axes of one kind merged, k and inner kept, r
// folded. So [n, c, h, w] over [0, 2, 3] is k1 = 1, r1 = n, k2 = c, r2 = h * w, inner = 1, and no axis has to be moved.

import { normalizeAxes, numel, type Shape } from "../tensor/shape.ts";

export interface ReduceLayout {
  readonly k1: number;
  readonly r1: number;
  readonly k2: number;
  readonly r2: number;
  readonly inner: number;
}

export type Axes = number | readonly number[];

/** One flag an axis: true for those that are folded. */
export type AxisMask = readonly boolean[];

export interface Folding {
  readonly mask: AxisMask;
  /** Number of elements that become one. */
  readonly count: number;
  /** Shape of the result. */
  readonly shape: Shape;
  /** The same with folded axes kept at size 1. */
  readonly keptShape: Shape;
}

/** Resolves the axes of a reduction: none means all. */
export function folding(op: string, shape: Shape, axes: Axes | undefined, keepdim: boolean): Folding {
  const folded = normalizeAxes(op, axes, shape.length);
  const mask = shape.map((_, i) => folded.includes(i));
  const keptShape = shape.map((s, i) => (mask[i] ? 1 : s));
  const count = numel(shape.filter((_, i) => mask[i]));
  return { mask, count, keptShape, shape: keepdim ? keptShape : shape.filter((_, i) => !mask[i]) };
}

/** The axes of a folding, resolved. */
export const foldedAxes = (f: Folding): number[] => f.mask.flatMap((folded, i) => (folded ? [i] : []));

/** Merged sizes, or null where kept and folded axes alternate too often (rank 5 and more): see `lastRun`. */
export function layoutOf(shape: Shape, mask: AxisMask): ReduceLayout | null {
  const runs: { folded: boolean; size: number }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const last = runs.at(-1);
    if (last?.folded === mask[i]) last.size *= size;
    else runs.push({ folded: mask[i], size });
  });
  const take = (folded: boolean) => (runs.at(-1)?.folded === folded ? runs.pop()!.size : 1);
  const inner = take(false);
  const r2 = take(true);
  const k2 = take(false);
  const r1 = take(true);
  const k1 = take(false);
  return runs.length === 0 ? { k1, r1, k2, r2, inner } : null;
}

/** Of a mask: only its last unbroken run of folded axes (axes of size 1 do not break it). */
export function lastRun(shape: Shape, mask: AxisMask): boolean[] {
  const run = mask.map(() => false);
  let begun = false;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (mask[i]) begun = run[i] = true;
    else if (begun && shape[i] !== 1) break;
  }
  return run;
}
