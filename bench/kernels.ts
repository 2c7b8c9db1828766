// What a bench is, the list of all, and the check that comes before the clock: every value of the result against a float64
// reference. The benches themselves: products.ts (bound by arithmetic), streams.ts (bound by memory).
import { scope } from "../src/tensor/scope.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { convolutions, products } from "./products.ts";
import { streams } from "./streams.ts";

export interface Bench {
  readonly kernel: string;
  readonly shape: string;
  /** Of one call; a multiply-add counts two. */
  readonly flops: number;
  /** Of one call, at least: each input read once, each output written once. */
  readonly bytes: number;
  /** Which measured roof `share` refers to. */
  readonly roof: Roof;
  /** Makes the operands. */
  readonly setup: () => Ready;
}

/** `peak`: register-only multiply-adds. `stream`: read and write of memory. */
export type Roof = "peak" | "stream";

export interface Ready {
  readonly run: () => Tensor;
  /** What `run` gives, in float64. */
  readonly reference: () => ArrayLike<number>;
  /** `run` is called so often before the check; default 1. For what changes state. */
  readonly calls?: number;
}

export const benches: readonly Bench[] = [...products, ...convolutions, ...streams];

/** Largest error allowed, as a part of the largest value of the reference: sums of a few thousand f32 terms. */
const TOLERANCE = 2e-5;

/** Throws unless the result agrees with the reference everywhere. */
export async function check(name: string, { run, reference, calls = 1 }: Ready): Promise<void> {
  for (let i = 1; i < calls; i++) scope(() => void run());
  const y = run();
  const values = await y.data();
  const expected = reference();
  if (values.length !== expected.length)
    throw new Error(`${name}: ${values.length} values, the reference has ${expected.length}`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(values[i]! - expected[i]!);
    if (!(error <= TOLERANCE * scale))
      throw new Error(`${name}: wrong at ${i}, got ${values[i]}, expected ${expected[i]}`);
  }
}
