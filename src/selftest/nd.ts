// Arrays of float64 by nested indices, the obvious way: what references compute with. Host independent.
import { broadcastShapes, broadcastStrides, contiguousStrides, numel, type Shape } from "../tensor/shape.ts";

export interface Nd {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function nd(shape: Shape, data: Iterable<number> | ArrayLike<number>): Nd {
  return { shape, data: Float64Array.from(data as ArrayLike<number>) };
}

export function scalar(value: number): Nd {
  return nd([], [value]);
}

/** The array of `shape` with the value of `fn` at each index. */
export function build(shape: Shape, fn: (index: number[], flat: number) => number): Nd {
  const data = new Float64Array(numel(shape));
  for (let i = 0; i < data.length; i++) data[i] = fn(unravel(i, shape), i);
  return { shape, data };
}

export function unravel(flat: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    index[i] = rest % shape[i];
    rest = Math.floor(rest / shape[i]);
  }
  return index;
}

export function ravel(index: readonly number[], shape: Shape): number {
  let flat = 0;
  for (let i = 0; i < shape.length; i++) flat = flat * shape[i] + index[i];
  return flat;
}

export function at(a: Nd, index: readonly number[]): number {
  return a.data[ravel(index, a.shape)];
}

export function map(a: Nd, fn: (v: number, flat: number) => number): Nd {
  return { shape: a.shape, data: a.data.map(fn) };
}

export function reshaped(a: Nd, shape: Shape): Nd {
  return { shape, data: a.data };
}

/** `fn` of the elements that NumPy broadcasting brings together. */
export function zip(fn: (...values: number[]) => number, ...arrays: readonly Nd[]): Nd {
  const shape = broadcastShapes("reference", ...arrays.map((a) => a.shape));
  const steps = arrays.map((a) => broadcastStrides(a.shape, shape));
  return build(shape, (index) =>
    fn(...arrays.map((a, k) => a.data[index.reduce((n, i, axis) => n + i * steps[k][axis], 0)])),
  );
}

export type Axes = number | readonly number[];

/** Axes as non-negative numbers; all if left out or none are named. */
export function axesOf(rank: number, axes?: Axes): number[] {
  const list = axes === undefined ? [] : typeof axes === "number" ? [axes] : [...axes];
  if (list.length === 0) return Array.from({ length: rank }, (_, i) => i);
  return rank === 0 ? [] : list.map((a) => (a < 0 ? a + rank : a));
}

/** `fn` of the elements that differ only in `axes`, in row-major order. */
export function fold(x: Nd, axes: Axes | undefined, keepdim: boolean, fn: (row: number[]) => number): Nd {
  const named = axesOf(x.shape.length, axes);
  const kept = x.shape.map((s, i) => (named.includes(i) ? 1 : s));
  const steps = contiguousStrides(kept).map((s, i) => (named.includes(i) ? 0 : s));
  const rows = Array.from({ length: numel(kept) }, () => [] as number[]);
  x.data.forEach((v, flat) => {
    rows[unravel(flat, x.shape).reduce((n, i, axis) => n + i * steps[axis], 0)].push(v);
  });
  return nd(keepdim ? kept : x.shape.filter((_, i) => !named.includes(i)), rows.map(fn));
}

/** `fn` of every row along one axis, put back where the row came from. */
export function along(x: Nd, axis: number, fn: (row: number[]) => readonly number[]): Nd {
  if (x.shape.length === 0) return nd([], fn([x.data[0]]));
  const a = axis < 0 ? axis + x.shape.length : axis;
  const [n, inner] = [x.shape[a], numel(x.shape.slice(a + 1))];
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / inner) % n !== 0) continue;
    const row = Array.from({ length: n }, (_, i) => x.data[start + i * inner]);
    fn(row).forEach((v, i) => {
      data[start + i * inner] = v;
    });
  }
  return { shape: x.shape, data };
}

export const total = (row: readonly number[]): number => row.reduce((s, v) => s + v, 0);
