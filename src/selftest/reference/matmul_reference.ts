// float64 reference of matmul and its gradients: one loop over all products a[ia] * b[ib] of y[iy], whatever the shapes.

import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  numel,
  type Shape,
} from "../../tensor/shape.ts";

export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Numbers of [-1, 1) that f32 holds exactly, the same in every run. */
export function noise(shape: Shape, seed: number): Array64 {
  let s = Math.imul(seed + 1, 2654435761) >>> 0;
  const data = Float64Array.from({ length: numel(shape) }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.fround(s / 2 ** 31 - 1);
  });
  return { shape, data };
}

const zeros = (shape: Shape): Array64 => ({ shape, data: new Float64Array(numel(shape)) });

/** torch.matmul's result shape, and every product of it. */
function layout(sa: Shape, sb: Shape) {
  const a = sa.length === 1 ? [1, ...sa] : [...sa];
  const b = sb.length === 1 ? [...sb, 1] : [...sb];
  const [m, k] = a.slice(-2) as [number, number];
  const n = b.at(-1)!;
  const batch = broadcastShapes("reference", a.slice(0, -2), b.slice(0, -2));
  const shape = [...batch, ...(sa.length > 1 ? [m] : []), ...(sb.length > 1 ? [n] : [])];
  const strides = contiguousStrides(batch);
  const stepsA = broadcastStrides(a.slice(0, -2), batch);
  const stepsB = broadcastStrides(b.slice(0, -2), batch);
  const matrix = (z: number, steps: readonly number[]) =>
    batch.reduce((at, size, i) => at + (Math.floor(z / strides[i]!) % size) * steps[i]!, 0);
  const each = (visit: (ia: number, ib: number, iy: number) => void) => {
    for (let z = 0; z < numel(batch); z++) {
      const [oa, ob] = [matrix(z, stepsA) * m * k, matrix(z, stepsB) * k * n];
      for (let i = 0; i < m; i++) {
        for (let q = 0; q < k; q++) {
          for (let j = 0; j < n; j++) visit(oa + i * k + q, ob + q * n + j, (z * m + i) * n + j);
        }
      }
    }
  };
  return { shape, each };
}

export function matmulReference(a: Array64, b: Array64): Array64 {
  const { shape, each } = layout(a.shape, b.shape);
  const y = zeros(shape);
  each((ia, ib, iy) => (y.data[iy]! += a.data[ia]! * b.data[ib]!));
  return y;
}

/** Gradients of <dy, a b>. */
export function matmulGradients(a: Array64, b: Array64, dy: Array64): { da: Array64; db: Array64 } {
  const { each } = layout(a.shape, b.shape);
  const [da, db] = [zeros(a.shape), zeros(b.shape)];
  each((ia, ib, iy) => {
    da.data[ia]! += dy.data[iy]! * b.data[ib]!;
    db.data[ib]! += dy.data[iy]! * a.data[ia]!;
  });
  return { da, db };
}

/** Gradients of <va, da> + <vb, db> with da, db of matmulGradients. */
export function matmulSecondGradients(a: Array64, b: Array64, dy: Array64, va: Array64, vb: Array64) {
  const { each } = layout(a.shape, b.shape);
  const [da, db, ddy] = [zeros(a.shape), zeros(b.shape), zeros(dy.shape)];
  each((ia, ib, iy) => {
    db.data[ib]! += va.data[ia]! * dy.data[iy]!;
    da.data[ia]! += vb.data[ib]! * dy.data[iy]!;
    ddy.data[iy]! += va.data[ia]! * b.data[ib]! + vb.data[ib]! * a.data[ia]!;
  });
  return { da, db, ddy };
}

/** The last two axes exchanged. */
export function swapLastTwo(x: Array64): Array64 {
  const [rows, cols] = x.shape.slice(-2) as [number, number];
  const size = rows * cols;
  const data = x.data.map((_, i) => {
    const [matrix, at] = [Math.floor(i / size) * size, i % size];
    return x.data[matrix + (at % rows) * cols + Math.floor(at / rows)]!;
  });
  return { shape: [...x.shape.slice(0, -2), cols, rows], data };
}
