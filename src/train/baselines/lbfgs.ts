// Minimises a smooth function of many variables on the host, in f64: L-BFGS (Nocedal 1980; Nocedal & Wright, algorithm 7.4) with
// steps that are halved until the function falls enough (Armijo 1966). For small problems beside a network; the optimizer that
// trains networks is src/optim/lbfgs.ts.

import { OptionError } from "../../gpu/errors.ts";

export interface MinimizeOptions {
  /** Default 200. */
  readonly iterations?: number;
  /** Stops when no element of the gradient is larger. Default 1e-4. */
  readonly tolerance?: number;
  /** Called between iterations: where to breathe, as this runs on the calling thread. */
  readonly pause?: () => Promise<void>;
}

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
}

const MEMORY = 10;
const ARMIJO = 1e-4;
const HALVINGS = 40;

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

/**
 * From `start`; `f(x, gradient)` writes the gradient and returns the value.
 *
 * @throws OptionError if the value at the start is not finite
 */
export async function minimize(
  f: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  { iterations = 200, tolerance = 1e-4, pause }: MinimizeOptions = {},
): Promise<Minimum> {
  let x = Float64Array.from(start);
  let g = new Float64Array(x.length);
  let value = f(x, g);
  if (!Number.isFinite(value)) throw new OptionError(`minimize: the function is ${value} at the start`);
  const pairs: Pair[] = [];
  for (let i = 0; i < iterations; i++) {
    if (largest(g) <= tolerance) return { x, value, iterations: i, converged: true };
    const found = search(f, x, value, g, direction(pairs, g));
    if (!found) return { x, value, iterations: i, converged: false }; // rounding hides any further fall
    const s = found.x.map((v, k) => v - x[k]!);
    const y = found.g.map((v, k) => v - g[k]!);
    const curvature = dot(s, y);
    if (curvature > 0) pairs.push({ s, y, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    ({ x, g, value } = found);
    await pause?.();
  }
  return { x, value, iterations, converged: largest(g) <= tolerance };
}

/** -H g with the inverse Hessian of the last pairs: the two loops. */
function direction(pairs: readonly Pair[], g: Float64Array): Float64Array {
  const d = g.map((v) => -v);
  const alphas = new Float64Array(pairs.length);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y, rho } = pairs[k]!;
    alphas[k] = rho * dot(s, d);
    axpy(d, -alphas[k]!, y);
  }
  const last = pairs[pairs.length - 1];
  // Without curvature known, a first step of length 1 at most.
  const scale = last ? 1 / (last.rho * dot(last.y, last.y)) : 1 / Math.max(1, Math.sqrt(dot(g, g)));
  for (let i = 0; i < d.length; i++) d[i]! *= scale;
  for (const [k, { s, y, rho }] of pairs.entries()) axpy(d, alphas[k]! - rho * dot(y, d), s);
  return d;
}

function search(
  f: (x: Float64Array, gradient: Float64Array) => number,
  x: Float64Array,
  value: number,
  g: Float64Array,
  d: Float64Array,
): { x: Float64Array<ArrayBuffer>; g: Float64Array<ArrayBuffer>; value: number } | null {
  const slope = dot(g, d);
  for (let step = 1, tries = 0; tries < HALVINGS; tries++, step /= 2) {
    const next = Float64Array.from(x, (v, i) => v + step * d[i]!);
    const gradient = new Float64Array(x.length);
    const found = f(next, gradient);
    if (found <= value + ARMIJO * step * slope) return { x: next, g: gradient, value: found };
  }
  return null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** a += scale b */
function axpy(a: Float64Array, scale: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += scale * b[i]!;
}

function largest(values: Float64Array): number {
  return values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
}
