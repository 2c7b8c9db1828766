// Batch axes of a matmul: which matrices of a and b meet. Pure arithmetic on shapes; broadcast axes get stride 0, so that
// nothing is copied.

import { broadcastShapes, numel, type Shape } from "../tensor/shape.ts";

/** Batch index = (i0 * d1 + i1) * d2 + i2; a and b hold how many matrices lie from one i to the next, 0 if broadcast. */
export interface BatchLayout {
  readonly shape: Shape; // of the result's batch axes
  readonly count: number;
  readonly sizes: readonly [number, number, number];
  readonly a: readonly [number, number, number];
  readonly b: readonly [number, number, number];
}

interface Run {
  size: number;
  readonly a: boolean; // a has this axis; false: broadcast along it
  readonly b: boolean;
}

/**
 * The layout of batch shapes `a` and `b`; null if broadcasting changes sides more than three times, which the kernels do
 * not take. Throws ShapeError if the shapes do not broadcast.
 */
export function batchLayout(op: string, a: Shape, b: Shape): BatchLayout | null {
  const shape = broadcastShapes(op, a, b);
  const has = (own: Shape, axis: number) => (own[own.length - shape.length + axis] ?? 1) !== 1;
  const runs: Run[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const run: Run = { size, a: has(a, axis), b: has(b, axis) };
    const last = runs.at(-1);
    if (last && last.a === run.a && last.b === run.b) last.size *= size;
    else runs.push(run);
  });
  if (runs.length > 3) return null;
  while (runs.length < 3) runs.unshift({ size: 1, a: false, b: false });
  return {
    shape,
    count: numel(shape),
    sizes: [runs[0]!.size, runs[1]!.size, runs[2]!.size],
    a: strides(runs, "a"),
    b: strides(runs, "b"),
  };
}

function strides(runs: readonly Run[], side: "a" | "b"): [number, number, number] {
  const out: [number, number, number] = [0, 0, 0];
  let step = 1;
  for (let i = 2; i >= 0; i--) {
    if (!runs[i]![side]) continue;
    out[i] = step;
    step *= runs[i]!.size;
  }
  return out;
}
