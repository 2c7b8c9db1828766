// The self-test of the home page: a handful of ops on this device against float64 on the CPU. Small on purpose: three seconds on a
// software adapter, most of it the compilation of shaders. The whole table is `wgrad selftest`.

import { type Device, withDevice } from "../../src/gpu/device.ts";
import { batchNorm } from "../../src/kernels/batch_norm.ts";
import { conv2d } from "../../src/kernels/conv2d.ts";
import { convGeometry } from "../../src/kernels/conv2d_geometry.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { maxPool2d } from "../../src/kernels/max_pool.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { softmax } from "../../src/kernels/softmax.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { forwardReference, weightGradientReference } from "../../src/selftest/reference/conv2d_reference.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { rand, tensor } from "../../src/tensor/create.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { SelfTestRow } from "./protocol.ts";
import { readTensors } from "./reading.ts";
import * as cpu from "./self_test_cpu.ts";

interface Check {
  readonly name: string;
  /** On the difference to float64, relative to 1 + |value|. */
  readonly bound: number;
  readonly gpu: () => Tensor;
  readonly expected: () => ArrayLike<number>;
}

const SEED = 7;
const STEPS = 3;
const ADAM = { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 } as const;

/** Rows in order; a row whose op throws is not ok, the others still run. */
export async function selfTest(device: Device): Promise<SelfTestRow[]> {
  const rows: SelfTestRow[] = [];
  for (const check of checks()) rows.push(await run(device, check));
  return rows;
}

async function run(device: Device, { name, bound, gpu, expected }: Check): Promise<SelfTestRow> {
  const start = performance.now();
  try {
    let reading: ReturnType<typeof readTensors> | undefined;
    withDevice(device, () =>
      scope(() => {
        reading = readTensors([["y", gpu()]]);
      }, "self-test"),
    );
    const values = (await reading!).get("y")!.data;
    const ms = performance.now() - start;
    const wanted = expected();
    const error = cpu.difference(values, wanted);
    return { name, error, bound, ms, ok: values.length === wanted.length && error <= bound };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const ms = performance.now() - start;
    return { name: `${name}: ${why.slice(0, 200)}`, error: Number.POSITIVE_INFINITY, bound, ms, ok: false };
  }
}

function checks(): Check[] {
  const g = new Generator(SEED);
  const normal = (n: number) => g.normal(n);
  const on = (data: Float32Array, ...shape: number[]) => tensor(data, { shape });
  const [a, b] = [normal(48 * 64), normal(64 * 40)];
  const geometry = convGeometry("self-test", [2, 3, 12, 12], [4, 3, 3, 3], { padding: 1 });
  const [x, w, dy] = [normal(2 * 3 * 144), normal(4 * 3 * 9), normal(2 * 4 * 144)];
  const [rows, labels] = [normal(16 * 100), g.integers(16, 0, 100)];
  const [scale, shift] = [normal(3), normal(3)];
  const long = g.uniform(64 * 300, -1, 1);
  const [p, gradient] = [normal(100), normal(100)];
  return [
    {
      ...{ name: "matrix product [48,64] x [64,40]", bound: 1e-5 },
      gpu: () => matmul(on(a, 48, 64), on(b, 64, 40)),
      expected: () => cpu.matmul(a, b, 48, 64, 40),
    },
    {
      ...{ name: "convolution 3x3", bound: 1e-5 },
      gpu: () => conv2d(on(x, 2, 3, 12, 12), on(w, 4, 3, 3, 3), null, { padding: 1 }),
      expected: () => forwardReference(x, w, null, geometry),
    },
    {
      ...{ name: "its weight gradient", bound: 2e-5 },
      gpu: () => {
        const weight = on(w, 4, 3, 3, 3);
        weight.requiresGrad = true;
        const y = conv2d(on(x, 2, 3, 12, 12), weight, null, { padding: 1 });
        return grad(y, [weight], { gradOutputs: [on(dy, 2, 4, 12, 12)] })[0]!;
      },
      expected: () => weightGradientReference(x, dy, geometry),
    },
    {
      ...{ name: "max pooling 2x2", bound: 0 },
      gpu: () => maxPool2d(on(x, 2, 3, 12, 12), { kernelSize: 2 }),
      expected: () => cpu.maxPool2x2(x, 6, 12, 12),
    },
    {
      ...{ name: "batch norm", bound: 1e-5 },
      gpu: () => batchNorm(on(x, 2, 3, 12, 12), { weight: on(scale, 3), bias: on(shift, 3), training: true }),
      expected: () => cpu.batchNorm(x, scale, shift, [2, 3, 144]),
    },
    {
      ...{ name: "softmax", bound: 1e-6 },
      gpu: () => softmax(on(rows, 16, 100), 1),
      expected: () => cpu.softmax(rows, 16, 100),
    },
    {
      ...{ name: "cross entropy", bound: 1e-5 },
      gpu: () => crossEntropy(on(rows, 16, 100), tensor(labels, { shape: [16] })),
      expected: () => [cpu.crossEntropy(rows, labels, 16, 100)],
    },
    {
      ...{ name: "sum of rows of 300", bound: 1e-5 },
      gpu: () => sum(on(long, 64, 300), 1),
      expected: () => cpu.rowSums(long, 64, 300),
    },
    {
      ...{ name: "random numbers, bit by bit", bound: 0 },
      gpu: () => rand([1000], { generator: new Generator(SEED) }),
      expected: () => new Generator(SEED).uniform(1000),
    },
    {
      ...{ name: `AdamW, ${STEPS} steps`, bound: 1e-5 },
      gpu: () => adamW(p, gradient),
      expected: () => cpu.adamW(p, gradient, STEPS, ADAM),
    },
  ];
}

function adamW(values: Float32Array, gradient: Float32Array): Tensor {
  const p = parameter([values.length], values);
  const optimizer = new AdamW([p], ADAM);
  for (let i = 0; i < STEPS; i++) {
    p.grad = tensor(gradient, { shape: p.shape });
    optimizer.step();
  }
  return p;
}
