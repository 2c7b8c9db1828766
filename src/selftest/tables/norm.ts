// Rows of batch norm and layer norm.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { batchNorm } from "../../kernels/batch_norm.ts";
import { layerNorm } from "../../kernels/layer_norm.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import { build, fold, type Nd, nd, total, zip } from "../nd.ts";
import { fixed, type OpRecord, type Sample, sample } from "../record.ts";
import { z } from "./samples.ts";

const EPS = 1e-5; // PyTorch's default
const average = (row: readonly number[]) => total(row) / row.length;
const squares = (row: readonly number[]) => {
  const m = average(row);
  return total(row.map((v) => (v - m) ** 2));
};

/** (x - mean) / sqrt(var + eps) * weight + bias, all broadcast. */
function normalised(x: Nd, mean: Nd, variance: Nd, weight: Nd | null, bias: Nd | null): Nd {
  const y = zip((v, m, s) => (v - m) / Math.sqrt(s + EPS), x, mean, variance);
  const scaled = weight ? zip((a, b) => a * b, y, weight) : y;
  return bias ? zip((a, b) => a + b, scaled, bias) : scaled;
}

interface BatchOptions {
  readonly training: boolean;
  /** Inputs: x, then mean and variance if `running`, then weight and bias if `affine`. */
  readonly running: boolean;
  readonly affine: boolean;
  readonly momentum?: number;
}

const BATCHES: readonly Shape[] = [
  [5, 3],
  [2, 3, 5],
  [3, 1, 2, 2],
  [2, 5, 7, 3],
  [4, 7, 13, 11],
  [67, 33],
  [2, 3, 3, 2, 5],
];

function batchSamples(draw: Parameters<OpRecord["samples"]>[0]): Sample<BatchOptions>[] {
  const modes: readonly BatchOptions[] = [
    { training: true, running: false, affine: true },
    { training: true, running: true, affine: true, momentum: 0.3 },
    { training: true, running: true, affine: false },
    { training: false, running: true, affine: true },
    { training: false, running: true, affine: false },
  ];
  const make = (shape: Shape, o: BatchOptions) => {
    const c = [shape[1]];
    const running = o.running ? [fixed(draw.normal(c)), fixed(draw.uniform(c, 0.5, 2))] : [];
    const affine = o.affine ? [draw.uniform(c, 0.5, 2), draw.normal(c)] : [];
    return sample(o, draw.normal(shape), ...running, ...affine);
  };
  return [
    ...BATCHES.flatMap((shape, i) =>
      modes.filter((_, k) => i < 2 || (i + k) % 2 === 0).map((o) => make(shape, o)),
    ),
    make([0, 3, 4, 4], modes[3]),
  ];
}

/** In the order of BatchOptions. */
function named<T>(inputs: readonly T[], o: BatchOptions) {
  const at = o.running ? 3 : 1;
  return {
    x: inputs[0],
    runningMean: o.running ? inputs[1] : null,
    runningVar: o.running ? inputs[2] : null,
    weight: o.affine ? inputs[at] : null,
    bias: o.affine ? inputs[at + 1] : null,
  };
}

function batchReference(inputs: readonly Nd[], o: BatchOptions): Nd[] {
  const { x, runningMean, runningVar, weight, bias } = named(inputs, o);
  const channels = (t: Nd): Nd =>
    nd(
      x.shape.map((s, i) => (i === 1 ? s : 1)),
      t.data,
    );
  const [w, b] = [weight && channels(weight), bias && channels(bias)];
  if (!o.training) return [normalised(x, channels(runningMean!), channels(runningVar!), w, b)];
  const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const n = x.data.length / x.shape[1];
  const mean = fold(x, axes, true, average);
  const sums = fold(x, axes, true, squares);
  const y = normalised(
    x,
    mean,
    zip((s) => s / n, sums),
    w,
    b,
  );
  if (!runningMean || !runningVar) return [y];
  const momentum = o.momentum ?? 0.1;
  const moved = (old: Nd, now: ArrayLike<number>, scale: number) =>
    build(old.shape, (_, i) => (1 - momentum) * old.data[i] + momentum * scale * now[i]);
  return [y, moved(runningMean, mean.data, 1), moved(runningVar, sums.data, 1 / (n - 1))];
}

const batchNormRecord: OpRecord<BatchOptions> = {
  name: "batchNorm",
  samples: batchSamples,
  run: (inputs, o) => {
    const { x, ...rest } = named(inputs, o);
    const y = batchNorm(x, { ...rest, training: o.training, momentum: o.momentum });
    return o.training && rest.runningMean && rest.runningVar ? [y, rest.runningMean, rest.runningVar] : y;
  },
  reference: batchReference,
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "rank",
      run: () => batchNorm(z([3]), { training: true }),
      message: /^batchNorm: x must be \[n,c,\.\.\.\], x \[3\]$/,
      type: ShapeError,
    },
    {
      name: "channels",
      run: () => batchNorm(z([2, 3]), { training: true, weight: z([2]) }),
      message: /^batchNorm: weight must have one value per channel, weight \[2\], x \[2,3\]$/,
      type: ShapeError,
    },
    {
      name: "one value per channel",
      run: () => batchNorm(z([1, 3]), { training: true }),
      message: /^batchNorm: training needs more than one value per channel, x \[1,3\]$/,
      type: ShapeError,
    },
    {
      name: "evaluation without statistics",
      run: () => batchNorm(z([2, 3])),
      message: /^batchNorm: evaluation needs runningMean and runningVar$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => batchNorm(z([2, 3], "i32"), { training: true }),
      message: /^batchNorm: takes f32 tensors, x is i32$/,
      type: DTypeError,
    },
  ],
};

interface LayerOptions {
  readonly shape: number | Shape;
}

const layerNormRecord: OpRecord<LayerOptions> = {
  name: "layerNorm",
  samples: (draw) =>
    (
      [
        [[3, 5], 5, 2],
        [[2, 3, 4], [3, 4], 2],
        [[7, 13], 13, 0],
        [[4, 6], 6, 1],
        [[0, 4], 4, 2],
        [[2, 5, 64], 64, 2],
        [[33, 300], 300, 2],
        [[3, 1030], 1030, 2],
      ] as [Shape, number | Shape, number][]
    ).map(([x, shape, affine]) => {
      const d = typeof shape === "number" ? [shape] : shape;
      return sample({ shape }, draw.normal(x), ...[draw.uniform(d, 0.5, 2), draw.normal(d)].slice(0, affine));
    }),
  run: ([x, weight, bias], { shape }) => layerNorm(x, shape, weight ?? null, bias ?? null),
  reference: ([x, weight, bias], { shape }) => {
    const d = typeof shape === "number" ? [shape] : shape;
    const axes = d.map((_, i) => i - d.length);
    const mean = fold(x, axes, true, average);
    const variance = fold(x, axes, true, (row) => squares(row) / numel(d));
    return normalised(x, mean, variance, weight ?? null, bias ?? null);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "shape",
      run: () => layerNorm(z([2, 3]), 4),
      message: /^layerNorm: .*\[2,3\].*\[4\]|^layerNorm: .*\[4\].*\[2,3\]/,
      type: ShapeError,
    },
    {
      name: "weight",
      run: () => layerNorm(z([2, 3]), 3, z([2])),
      message: /^layerNorm: weight/,
      type: ShapeError,
    },
    {
      name: "eps",
      run: () => layerNorm(z([2, 3]), 3, null, null, -1),
      message: /^layerNorm: eps/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => layerNorm(z([2, 3], "i32"), 3),
      message: /^layerNorm: .*i32/,
      type: DTypeError,
    },
  ],
};

export const normRecords = [batchNormRecord, layerNormRecord] as readonly OpRecord[];
