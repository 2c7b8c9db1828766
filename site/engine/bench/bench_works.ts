// What the site's bench times: sizes for hardware, and smaller ones for adapters that compute on the CPU. Each kernel comes with its
// definition in float64 for some of its elements.

import { add } from "../../../src/kernels/binary.ts";
import { conv2d, conv2dWeightGradient } from "../../../src/kernels/conv2d.ts";
import { crossEntropy } from "../../../src/kernels/cross_entropy.ts";
import { matmul } from "../../../src/kernels/matmul.ts";
import { maxPool2d } from "../../../src/kernels/max_pool.ts";
import { sum } from "../../../src/kernels/reduce.ts";
import { softmax } from "../../../src/kernels/softmax.ts";
import { exp } from "../../../src/kernels/unary.ts";
import { backward } from "../../../src/tensor/autograd.ts";
import { compile } from "../../../src/tensor/compile.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { noGrad } from "../../../src/tensor/mode.ts";
import { Generator } from "../../../src/tensor/philox.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { INPUT } from "../batches.ts";
import { PRESETS, parseLayers } from "../layers.ts";
import { buildModel, buildOptimizer } from "../model.ts";
import type { BenchRow } from "../protocol.ts";

export interface Work extends Pick<BenchRow, "name" | "kind"> {
  /** Plain ops, a tensor where there is something to compare. */
  readonly run: () => Tensor | undefined;
  /** What is timed: `run`, or a captured form of it. */
  readonly call: () => unknown;
  /** Elements of the result and what they should be; null: not compared. */
  readonly expected: ((size: number) => Iterable<readonly [at: number, value: number]>) | null;
  /** On the difference, relative to 1 + |value|. */
  readonly bound: number;
  release(): void;
}

const SEED = 11;
const SAMPLES = 200;
const BOUND = 1e-4; // products of up to 1024 terms, in f32

type Values = Float32Array;

/** Families of works, made one after the other: only one is in memory. */
export function families(software: boolean): (() => Work[])[] {
  const [few, many] = software ? [4, 1 << 20] : [64, 1 << 24];
  return [
    () => (software ? [64, 128, 256] : [256, 512, 1024, 2048]).map(product),
    () => [
      conv(few, 16, 32, 28, 3),
      conv(few, 32, 32, 14, 5),
      convGradient(few, 16, 32, 28),
      depthwise(few, 32, 28),
    ],
    () => [elementwise("add", many), elementwise("exp", many), pooling(few, 32, 56)],
    () => [rowSums(many >> 10, 1024), total(many), soft(many >> 10, 1024)],
    () => [step("mlp"), step("lenet"), step("lenet with batch norm")],
  ];
}

function kernelWork(
  name: string,
  shapes: readonly (readonly number[])[],
  op: (...inputs: Tensor[]) => Tensor,
  at: (i: number, ...inputs: Values[]) => number,
): Work {
  const generator = new Generator(SEED);
  const inputs = shapes.map((shape) =>
    generator.uniform(
      shape.reduce((a, b) => a * b),
      -1,
      1,
    ),
  );
  const tensors = inputs.map((values, i) => tensor(values, { shape: shapes[i]! }));
  const run = () => noGrad(() => op(...tensors));
  return {
    ...{ name, kind: "kernel", run, call: run, bound: BOUND },
    expected: function* (size) {
      for (const i of generator.integers(Math.min(SAMPLES, size), 0, size)) yield [i, at(i, ...inputs)];
    },
    release: () => {
      for (const t of tensors) t.release("bench");
    },
  };
}

function product(n: number): Work {
  const shape = [n, n];
  return kernelWork(`matrix product ${n}x${n}x${n}`, [shape, shape], matmul, (i, a, b) => {
    let y = 0;
    for (let k = 0; k < n; k++) y += a[Math.floor(i / n) * n + k]! * b[k * n + (i % n)]!;
    return y;
  });
}

/** y[n,o,i,j] of a convolution with a kernel k x k, padding k >> 1, and c channels a group. */
function convAt(
  x: Values,
  w: Values,
  i: number,
  side: number,
  c: number,
  o: number,
  k: number,
  groups = 1,
): number {
  const [column, line, f, n] = [
    i % side,
    Math.floor(i / side) % side,
    Math.floor(i / side ** 2) % o,
    Math.floor(i / side ** 2 / o),
  ];
  const first = n * c * groups + (groups > 1 ? Math.floor((f * groups) / o) * c : 0);
  let y = 0;
  for (let tap = 0; tap < c * k * k; tap++) {
    const [channel, u, v] = [Math.floor(tap / (k * k)), Math.floor((tap % (k * k)) / k), tap % k];
    const [row, col] = [line + u - (k >> 1), column + v - (k >> 1)];
    if (row < 0 || row >= side || col < 0 || col >= side) continue;
    y += x[((first + channel) * side + row) * side + col]! * w[f * c * k * k + tap]!;
  }
  return y;
}

function conv(n: number, c: number, o: number, side: number, k: number): Work {
  const shapes = [
    [n, c, side, side],
    [o, c, k, k],
  ];
  const name = `convolution ${k}x${k}, ${c} to ${o} channels, ${n} of ${side}x${side}`;
  const op = (x: Tensor, w: Tensor) => conv2d(x, w, null, { padding: k >> 1 });
  return kernelWork(name, shapes, op as never, (i, x, w) => convAt(x, w, i, side, c, o, k));
}

function depthwise(n: number, c: number, side: number): Work {
  const shapes = [
    [n, c, side, side],
    [c, 1, 3, 3],
  ];
  const name = `depthwise convolution 3x3, ${c} channels, ${n} of ${side}x${side}`;
  const op = (x: Tensor, w: Tensor) => conv2d(x, w, null, { padding: 1, groups: c });
  return kernelWork(name, shapes, op as never, (i, x, w) => convAt(x, w, i, side, 1, c, 3, c));
}

function convGradient(n: number, c: number, o: number, side: number): Work {
  const shapes = [
    [n, c, side, side],
    [n, o, side, side],
  ];
  const name = `its weight gradient 3x3, ${c} to ${o} channels, ${n} of ${side}x${side}`;
  const op = (x: Tensor, dy: Tensor) => conv2dWeightGradient(x, dy, [o, c, 3, 3], { padding: 1 });
  return kernelWork(name, shapes, op as never, (i, x, dy) => {
    const [v, u, channel, f] = [i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9) % c, Math.floor(i / 9 / c)];
    let dw = 0;
    for (let b = 0; b < n; b++)
      for (let row = Math.max(0, 1 - u); row < Math.min(side, side + 1 - u); row++)
        for (let col = Math.max(0, 1 - v); col < Math.min(side, side + 1 - v); col++)
          dw +=
            x[((b * c + channel) * side + row + u - 1) * side + col + v - 1]! *
            dy[((b * o + f) * side + row) * side + col]!;
    return dw;
  });
}

function elementwise(kind: "add" | "exp", n: number): Work {
  const name = `${kind} of ${n.toLocaleString("en")} elements`;
  if (kind === "exp") return kernelWork(name, [[n]], exp as never, (i, x) => Math.exp(x[i]!));
  return kernelWork(name, [[n], [n]], add as never, (i, a, b) => a[i]! + b[i]!);
}

function pooling(n: number, c: number, side: number): Work {
  const op = (x: Tensor) => maxPool2d(x, { kernelSize: 2 });
  const half = side / 2;
  return kernelWork(
    `max pooling 2x2, ${n * c} planes of ${side}x${side}`,
    [[n, c, side, side]],
    op as never,
    (i, x) => {
      const first = 2 * Math.floor(i / half) * side + 2 * (i % half);
      return Math.max(x[first]!, x[first + 1]!, x[first + side]!, x[first + side + 1]!);
    },
  );
}

const row = (x: Values, i: number, columns: number): Values => x.subarray(i * columns, (i + 1) * columns);
const added = (x: Values): number => x.reduce((a, b) => a + b, 0);

function rowSums(rows: number, columns: number): Work {
  const op = (x: Tensor) => sum(x, 1);
  return kernelWork(`sums of ${rows} rows of ${columns}`, [[rows, columns]], op as never, (i, x) =>
    added(row(x, i, columns)),
  );
}

function total(n: number): Work {
  const op = (x: Tensor) => sum(x);
  return kernelWork(`sum of ${n.toLocaleString("en")} elements`, [[n]], op as never, (_, x) => added(x));
}

function soft(rows: number, columns: number): Work {
  const op = (x: Tensor) => softmax(x, 1);
  return kernelWork(`softmax of ${rows} rows of ${columns}`, [[rows, columns]], op as never, (i, x) => {
    const own = row(x, Math.floor(i / columns), columns);
    return Math.exp(x[i]!) / own.reduce((s, v) => s + Math.exp(v), 0);
  });
}

/** A captured training step of a preset, on made-up pictures: what a step costs does not depend on them. */
function step(preset: string): Work {
  const batch = 64;
  const generator = new Generator(SEED);
  // Without dropout: it would draw from the stream of a run that rests.
  const layers = parseLayers(PRESETS[preset]!).filter(({ kind }) => kind !== "dropout");
  const model = buildModel(layers, INPUT, 10, SEED);
  const optimizer = buildOptimizer("adamw", model.parameters(), 1e-3);
  const x = tensor(generator.normal(batch * 784), { shape: [batch, ...INPUT] });
  const y = tensor(generator.integers(batch, 0, 10), { shape: [batch] });
  const train = (x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
  };
  const compiled = compile(train);
  return {
    ...{ name: `training step: ${preset}, batch ${batch}, AdamW`, kind: "step", expected: null, bound: 0 },
    run: () => {
      train(x, y);
      return undefined;
    },
    call: () => compiled(x, y),
    release: () => {
      for (const program of compiled.programs) program.release();
      for (const t of [x, y, ...model.stateDict().values()]) t.release("bench");
    },
  };
}
