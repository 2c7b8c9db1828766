// Reductions in float64, the obvious way: the elements that differ only in the folded axes, handed to a function.

import type { Shape } from "../../src/tensor/shape.ts";
import { build, type Nd, ravel, unravel } from "./nd.ts";

/**
 * For every index of the other axes, `fn` of the elements along `axes` in row-major order. One result: those axes get size
 * 1. As many as elements: they go where those came from.
 */
export function alongAxes(x: Nd, axes: readonly number[], fn: (row: number[]) => readonly number[]): Nd {
  const kept = x.shape.map((s, i) => (axes.includes(i) ? 1 : s));
  const rows = build(kept, () => 0).data.map(() => ({ values: [] as number[], from: [] as number[] }));
  x.data.forEach((v, flat) => {
    const index = unravel(flat, x.shape).map((k, i) => (axes.includes(i) ? 0 : k));
    const row = rows[ravel(index, kept)]!;
    row.values.push(v);
    row.from.push(flat);
  });
  const results = rows.map((row) => fn(row.values));
  const each = results.some((r) => r.length > 1);
  if (!each) return { shape: kept, data: results.map((r) => r[0]!) };
  const data = new Array<number>(x.data.length);
  rows.forEach((row, k) => {
    row.from.forEach((flat, i) => {
      data[flat] = results[k]![i]!;
    });
  });
  return { shape: x.shape, data };
}

/** Without the axes of a reduction. */
export function squeezed(x: Nd, axes: readonly number[]): Nd {
  return { shape: x.shape.filter((_, i) => !axes.includes(i)), data: x.data };
}

/** Normal draws, rounded to f32, the same in every run. */
export function normal(shape: Shape, seed: number, scale = 1): Nd {
  let s = Math.imul(seed, 2654435761) >>> 0;
  const uniform = () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 2 ** 32;
  };
  return build(shape, () =>
    Math.fround(scale * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())),
  );
}
