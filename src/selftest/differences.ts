// Derivatives of a float64 function by central differences of fourth order. Slope: error about h^4 f''''' / 30, 1e-12 for
// h = 1e-3, and 1e-13 of rounding; mixed second derivative: 1e-12 and 1e-10.

import type { Nd } from "./nd.ts";
import type { HostTensor } from "./record.ts";

/** Moves of up to 2 STEP along each direction: less than the distance to kinks. */
export const STEP = 1e-3;

/** One direction: an array for every input, null for those that stay. */
export type Direction = readonly (Float64Array | null)[];

export function moved(inputs: readonly Nd[], direction: Direction, t: number): Nd[] {
  return inputs.map((x, k) => {
    const d = direction[k];
    if (!d) return x;
    const data = new Float64Array(x.data);
    for (let i = 0; i < data.length; i++) data[i] += t * d[i];
    return { shape: x.shape, data };
  });
}

/** d/dt f(t) at 0, elementwise; 0 for a constant, infinities too. */
export function slope(f: (t: number) => Float64Array): Float64Array {
  const [m2, m1, p1, p2] = [-2, -1, 1, 2].map((k) => f(k * STEP));
  return m1.map((v, i) =>
    v === p1[i] && v === m2[i] ? 0 : (m2[i] - 8 * v + 8 * p1[i] - p2[i]) / (12 * STEP),
  );
}

/** d/dt of the number f(inputs + t direction) at 0. */
export function slopeAlong(f: (inputs: Nd[]) => number, inputs: readonly Nd[], direction: Direction): number {
  return slope((t) => Float64Array.of(f(moved(inputs, direction, t))))[0];
}

/**
 * d2/ds dt of the number f(inputs + s a + t b) at 0, from the curvatures along a + b and a - b, whose difference is four
 * times it: half the evaluations of nested slopes. 0 for a constant, infinities too.
 */
export function mixedSlope(
  f: (inputs: Nd[]) => number,
  inputs: readonly Nd[],
  a: Direction,
  b: Direction,
): number {
  const sum = combined(a, b, 1);
  const difference = combined(a, b, -1);
  const at = (direction: Direction, k: number) => f(moved(inputs, direction, k * STEP));
  const [p1, p2, m1, m2] = [sum, difference].flatMap((d) => [
    [at(d, 1), at(d, -1)],
    [at(d, 2), at(d, -2)],
  ]);
  const first = p1[0];
  if ([...p1, ...p2, ...m1, ...m2].every((v) => v === first)) return 0;
  const near = p1[0] + p1[1] - (m1[0] + m1[1]);
  const far = p2[0] + p2[1] - (m2[0] + m2[1]);
  return (16 * near - far) / (48 * STEP * STEP);
}

function combined(a: Direction, b: Direction, sign: number): Direction {
  return a.map((d, k) => {
    const e = b[k];
    if (!d) return e ? e.map((v) => sign * v) : null;
    return e ? d.map((v, i) => v + sign * e[i]) : d;
  });
}

/**
 * Every element of the inputs that have gradients on its own. Where they are many: random directions, which a gradient that
 * is wrong in general cannot pass, and directions of few elements, where one wrong element is not lost in a large sum.
 */
export function directions(
  inputs: readonly HostTensor[],
  wanted: readonly number[],
  random: () => Direction,
): Direction[] {
  const n = wanted.reduce((sum, k) => sum + inputs[k].data.length, 0);
  if (n <= SINGLE_MAX) {
    return wanted.flatMap((k) =>
      Array.from({ length: inputs[k].data.length }, (_, i) =>
        inputs.map((x, j) => (j === k ? new Float64Array(x.data.length).fill(1, i, i + 1) : null)),
      ),
    );
  }
  const dense = Array.from({ length: DENSE }, random);
  const ends = only(random(), (_, i, length) => i === 0 || i === length - 1);
  const few = Array.from({ length: SPARSE }, () => only(random(), (v, _, length) => chosen(v, length)));
  return [...dense, ends, ...few];
}

function only(d: Direction, keep: (v: number, i: number, length: number) => boolean): Direction {
  return d.map((a) => (a ? a.map((v, i) => (keep(v, i, a.length) ? v : 0)) : null));
}

/** About FEW of `length` elements: sizes are uniform on [0.5, 1), and the smallest are taken. */
function chosen(v: number, length: number): boolean {
  return (Math.abs(v) - 0.5) * 2 * length < FEW;
}

const SINGLE_MAX = 32;
const DENSE = 2;
const SPARSE = 2;
const FEW = 8;
