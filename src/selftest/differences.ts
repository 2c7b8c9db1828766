// Derivatives of a float64 function by central differences of fourth order: error about h^4 f''''' / 30, 1e-12 for h =
// 1e-3, and 1e-13 of rounding; nested once, 1e-10.

import type { Nd } from "./nd.ts";
import type { HostTensor } from "./record.ts";

/** Moves of up to 2 STEP, 4 STEP when nested: less than the distance to kinks. */
export const STEP = 1e-3;

/** One direction: an array for every input, null for those that stay. */
export type Direction = readonly (Float64Array | null)[];

export function moved(inputs: readonly Nd[], direction: Direction, t: number): Nd[] {
  return inputs.map((x, k) => {
    const d = direction[k];
    return d ? { shape: x.shape, data: x.data.map((v, i) => v + t * d[i]) } : x;
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

/** Every element of the inputs that have gradients on its own, or where they are many a few random directions. */
export function directions(
  inputs: readonly HostTensor[],
  wanted: readonly number[],
  random: () => Direction,
): Direction[] {
  const n = wanted.reduce((sum, k) => sum + inputs[k].data.length, 0);
  if (n > SINGLE_MAX) return Array.from({ length: RANDOM_DIRECTIONS }, random);
  return wanted.flatMap((k) =>
    Array.from({ length: inputs[k].data.length }, (_, i) =>
      inputs.map((x, j) => (j === k ? new Float64Array(x.data.length).fill(1, i, i + 1) : null)),
    ),
  );
}

const SINGLE_MAX = 32;
const RANDOM_DIRECTIONS = 4;
