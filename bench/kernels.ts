// What a bench is, the list of all, and the check that comes before the clock: every value of the result against a float64
// reference. The benches themselves: products.ts (bound by arithmetic), streams.ts (bound by memory).
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { attentions } from "./attentions.ts";
import { networkConvolutions } from "./network_convolutions.ts";
import { norms } from "./norms.ts";
import { convolutions, products } from "./products.ts";
import { recurrences } from "./recurrences.ts";
import { streams } from "./streams.ts";

/** `quick`: in every run. `full`: the whole range of sizes, minutes on a software adapter. */
export const SWEEPS = ["quick", "full"] as const;
export type Sweep = (typeof SWEEPS)[number];

/** What a bench is, as plain data. */
export interface BenchFacts {
  readonly kernel: string;
  readonly shape: string;
  /** Of one call; a multiply-add counts two. */
  readonly flops: number;
  /** Of one call, at least: each input read once, each output written once. */
  readonly bytes: number;
  /** Which measured roof `share` refers to. */
  readonly roof: Roof;
  /** The sweep it is part of. Default "quick". */
  readonly sweep?: Sweep;
}

export interface Bench extends BenchFacts {
  /** Makes the operands. */
  readonly setup: () => Ready;
}

/** `peak`: register-only multiply-adds. `stream`: read and write of memory. */
export type Roof = "peak" | "stream";

export interface Ready {
  readonly run: () => Tensor;
  /** What `run` gives, in float64; a Formula where all of it would take too long. */
  readonly reference: () => ArrayLike<number> | Formula;
  /** `run` is called so often before the check; default 1. For what changes state. */
  readonly calls?: number;
}

/** Values of a large result, one by one. */
export interface Formula {
  readonly length: number;
  readonly valueAt: (index: number) => number;
}

export const benches: readonly Bench[] = [
  ...products,
  ...convolutions,
  ...networkConvolutions,
  ...attentions,
  ...recurrences,
  ...norms,
  ...streams,
];

/** Largest error allowed, as a part of the largest value of the reference: sums of a few thousand f32 terms. */
const TOLERANCE = 2e-5;

/** Values of a formula that are compared. */
const SAMPLES = 200;

/** Throws unless the result agrees with the reference everywhere, or where a formula was sampled. */
export async function check(name: string, { run, reference, calls = 1 }: Ready): Promise<void> {
  for (let i = 1; i < calls; i++) scope(() => void run());
  const y = run();
  const values = await y.data();
  const expected = reference();
  if (values.length !== expected.length)
    throw new Error(`${name}: ${values.length} values, the reference has ${expected.length}`);
  const expectedAt = "valueAt" in expected ? expected.valueAt : (i: number) => expected[i]!;
  const stride = "valueAt" in expected ? Math.max(1, Math.floor(expected.length / SAMPLES)) : 1;
  const at = Array.from({ length: Math.ceil(expected.length / stride) }, (_, i) => i * stride);
  const right = at.map(expectedAt);
  const scale = right.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  for (const [n, i] of at.entries()) {
    const error = Math.abs(values[i]! - right[n]!);
    if (!(error <= TOLERANCE * scale))
      throw new Error(`${name}: wrong at ${i}, got ${values[i]}, expected ${right[n]}`);
  }
}
