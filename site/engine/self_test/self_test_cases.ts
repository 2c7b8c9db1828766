// The cases of the self-test of the home page: their numbers, what float64 on the CPU makes of them, and how far a device may be off.
// Nothing here needs the engine. The ops: self_test.ts.

import { convGeometry } from "../../../src/kernels/conv2d_geometry.ts";
import {
  forwardReference,
  weightGradientReference,
} from "../../../src/selftest/reference/conv2d_reference.ts";
import { Generator } from "../../../src/tensor/philox.ts";
import type { SelfTestRow } from "../protocol.ts";
import * as cpu from "./self_test_cpu.ts";

export interface Case {
  readonly name: string;
  /** On the difference to float64, relative to 1 + |value|. */
  readonly bound: number;
  readonly expected: () => ArrayLike<number>;
}

export const SEED = 7;
export const STEPS = 3;
export const ADAM = { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;

export type Numbers = ReturnType<typeof numbers>;

/** What all cases compute with. */
export function numbers() {
  const g = new Generator(SEED);
  const normal = (n: number) => g.normal(n);
  const [a, b] = [normal(48 * 64), normal(64 * 40)];
  const geometry = convGeometry("self-test", [2, 3, 12, 12], [4, 3, 3, 3], { padding: 1 });
  const [x, w, dy] = [normal(2 * 3 * 144), normal(4 * 3 * 9), normal(2 * 4 * 144)];
  const [rows, labels] = [normal(16 * 100), g.integers(16, 0, 100)];
  const [scale, shift] = [normal(3), normal(3)];
  const long = g.uniform(64 * 300, -1, 1);
  const [p, gradient] = [normal(100), normal(100)];
  return { a, b, geometry, x, w, dy, rows, labels, scale, shift, long, p, gradient };
}

/** By the keys that self_test.ts has too. */
export function cases(n: Numbers) {
  return {
    matmul: {
      ...{ name: "matrix product [48,64] x [64,40]", bound: 1e-5 },
      expected: () => cpu.matmul(n.a, n.b, 48, 64, 40),
    },
    conv: {
      ...{ name: "convolution 3x3", bound: 1e-5 },
      expected: () => forwardReference(n.x, n.w, null, n.geometry),
    },
    convGradient: {
      ...{ name: "its weight gradient", bound: 2e-5 },
      expected: () => weightGradientReference(n.x, n.dy, n.geometry),
    },
    maxPool: {
      ...{ name: "max pooling 2x2", bound: 0 },
      expected: () => cpu.maxPool2x2(n.x, 6, 12, 12),
    },
    batchNorm: {
      ...{ name: "batch norm", bound: 1e-5 },
      expected: () => cpu.batchNorm(n.x, n.scale, n.shift, [2, 3, 144]),
    },
    softmax: {
      ...{ name: "softmax", bound: 1e-6 },
      expected: () => cpu.softmax(n.rows, 16, 100),
    },
    crossEntropy: {
      ...{ name: "cross entropy", bound: 1e-5 },
      expected: () => [cpu.crossEntropy(n.rows, n.labels, 16, 100)],
    },
    sum: {
      ...{ name: "sum of rows of 300", bound: 1e-5 },
      expected: () => cpu.rowSums(n.long, 64, 300),
    },
    random: {
      ...{ name: "random numbers, bit by bit", bound: 0 },
      expected: () => new Generator(SEED).uniform(1000),
    },
    adamW: {
      ...{ name: `AdamW, ${STEPS} steps`, bound: 1e-5 },
      expected: () => cpu.adamW(n.p, n.gradient, STEPS, ADAM),
    },
  } as const satisfies Record<string, Case>;
}

export type CaseName = keyof ReturnType<typeof cases>;

/** Rows in order; one whose op throws is not ok, the others still run. */
export async function judged(
  numbers: Numbers,
  run: (name: CaseName) => Promise<ArrayLike<number>>,
): Promise<SelfTestRow[]> {
  const rows: SelfTestRow[] = [];
  for (const [key, { name, bound, expected }] of Object.entries(cases(numbers))) {
    const start = performance.now();
    try {
      const values = await run(key as CaseName);
      const ms = performance.now() - start;
      const wanted = expected();
      const error = cpu.difference(values, wanted);
      rows.push({ name, error, bound, ms, ok: values.length === wanted.length && error <= bound });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const row = { bound, ms: performance.now() - start, ok: false, error: Number.POSITIVE_INFINITY };
      rows.push({ ...row, name: `${name}: ${why.slice(0, 200)}` });
    }
  }
  return rows;
}
