// Rows of the losses.

import {
  bce,
  bceWithLogits,
  crossEntropy,
  huber,
  l1,
  mse,
  nll,
  type Reduction,
  smoothL1,
} from "../../functional/loss.ts";
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { along, at, build, type Nd, scalar, total, zip } from "../nd.ts";
import { type ErrorCase, f32, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Reduced {
  readonly reduction?: Reduction;
}

function reduce(losses: Nd, reduction: Reduction = "mean", count = losses.data.length): Nd {
  if (reduction === "none") return losses;
  const s = total([...losses.data]);
  return scalar(reduction === "sum" ? s : s / count);
}

const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];
const SHAPES: readonly Shape[] = [[5], [3, 4], [1], [2, 3, 5], [67, 9]];

interface Pairwise {
  readonly beta?: number;
  readonly delta?: number;
}

/** y, and x at a distance of [0.1, 0.6) or [1.4, 2): away from the kinks at 0, at 1 and at 0.7. */
function apart(draw: Draw, shape: Shape): [HostTensor, HostTensor] {
  const y = draw.normal(shape);
  const [near, far] = [draw.signed(shape, 0.1, 0.6), draw.signed(shape, 1.4, 2)];
  return [
    f32(
      shape,
      y.data.map((v, i) => v + (i % 2 ? near : far).data[i]),
    ),
    y,
  ];
}

const pairErrors = (name: string, f: (x: Tensor, y: Tensor, o?: Reduced) => Tensor): ErrorCase[] => [
  {
    name: "shapes",
    run: () => f(z([3]), z([3, 1])),
    message: new RegExp(`^${name}: needs two tensors of one shape, x \\[3\\], y \\[3,1\\]$`),
    type: ShapeError,
  },
  {
    name: "reduction",
    run: () => f(z([1]), z([1]), { reduction: "avg" as Reduction }),
    message: new RegExp(`^${name}: reduction must be "mean", "sum" or "none", got avg$`),
    type: OptionError,
  },
];

/** Losses of x and y element by element; more inputs are weights. */
function pairwise<O extends object>(
  name: string,
  f: (x: Tensor, y: Tensor, options: O & Reduced) => Tensor,
  loss: (x: number, y: number, options: O) => number,
  options: readonly O[],
  draws: (draw: Draw, shape: Shape) => [HostTensor, HostTensor],
  errors: readonly ErrorCase[] = [],
): OpRecord<O & Reduced> {
  return {
    name,
    samples: (draw) => [
      ...SHAPES.flatMap((shape, i) =>
        options.map((o, k) => sample({ ...o, reduction: REDUCTIONS[(i + k) % 3] }, ...draws(draw, shape))),
      ),
      sample({ ...options[0], reduction: "sum" }, ...draws(draw, [0])),
      sample({ ...options[0], reduction: "none" }, ...draws(draw, [3, 0])),
    ],
    run: ([x, y], o) => f(x, y, o),
    reference: ([x, y], o) =>
      reduce(
        zip((a, b) => loss(a, b, o), x, y),
        o.reduction,
      ),
    differentiable: true,
    compare: "largest",
    errors: [...pairErrors(name, (x, y, o) => f(x, y, { ...options[0], ...o })), ...errors],
  };
}

const probabilities = (draw: Draw, shape: Shape): [HostTensor, HostTensor] => [
  draw.uniform(shape, 0.1, 0.9),
  draw.uniform(shape, 0, 1),
];
const logits = (draw: Draw, shape: Shape): [HostTensor, HostTensor] => [
  draw.normal(shape, 2),
  draw.uniform(shape, 0, 1),
];
const bceOf = (x: number, y: number) => -(y * Math.log(x) + (1 - y) * Math.log1p(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const pairs = [
  pairwise("mse", mse, (x, y) => (x - y) ** 2, [{}], apart),
  pairwise("l1", l1, (x, y) => Math.abs(x - y), [{}], apart),
  pairwise(
    "smoothL1",
    smoothL1,
    (x, y, { beta = 1 }: Pairwise) => {
      const d = Math.abs(x - y);
      return d < beta ? (0.5 * d * d) / beta : d - 0.5 * beta;
    },
    [{}, { beta: 0.7 }, { beta: 0 }],
    apart,
    [
      {
        name: "beta",
        run: () => smoothL1(z([1]), z([1]), { beta: -1 }),
        message: /^smoothL1: beta must not be negative, got -1$/,
        type: OptionError,
      },
    ],
  ),
  pairwise(
    "huber",
    huber,
    (x, y, { delta = 1 }: Pairwise) => {
      const d = Math.abs(x - y);
      return d < delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
    },
    [{}, { delta: 0.7 }],
    apart,
    [
      {
        name: "delta",
        run: () => huber(z([1]), z([1]), { delta: 0 }),
        message: /^huber: delta must be positive, got 0$/,
        type: OptionError,
      },
    ],
  ),
  pairwise("bce", bce, bceOf, [{}], probabilities),
];

const unweighted = pairwise(
  "bceWithLogits",
  bceWithLogits,
  (x, y) => y * softplus(-x) + (1 - y) * softplus(x),
  [{}],
  logits,
);

/** With weight and posWeight, which broadcast, as third and fourth input. */
const bceWithLogitsRecord: OpRecord<Reduced> = {
  ...unweighted,
  samples: (draw) => [
    ...unweighted.samples(draw),
    ...REDUCTIONS.map((reduction) => {
      const weights = [draw.uniform([3, 1], 0.5, 2), draw.uniform([4], 0.5, 2)];
      return sample({ reduction }, ...logits(draw, [3, 4]), ...weights);
    }),
  ],
  run: ([x, y, weight, posWeight], o) => bceWithLogits(x, y, { ...o, weight, posWeight }),
  reference: ([x, y, weight = scalar(1), posWeight = scalar(1)], o) => {
    const one = (x: number, y: number, w: number, p: number) =>
      w * (p * y * softplus(-x) + (1 - y) * softplus(x));
    return reduce(zip(one, x, y, weight, posWeight), o.reduction);
  },
};

/** Losses over classes. Inputs: x [n, c, ...], labels, and weight [c] if there is a third. */
interface Classes extends Reduced {
  readonly labelSmoothing?: number;
  readonly ignoreIndex?: number;
}

const classAxis = (x: Nd) => (x.shape.length === 1 ? 0 : 1);
const withClass = (index: readonly number[], axis: number, k: number) => [
  ...index.slice(0, axis),
  k,
  ...index.slice(axis),
];

/** The loss of every row, and what each counts in the mean. */
function rows(logp: Nd, labels: Nd, weight: Nd | undefined, o: Classes): { losses: Nd; count: number } {
  const axis = classAxis(logp);
  const c = logp.shape[axis];
  const e = o.labelSmoothing ?? 0;
  const w = (k: number) => weight?.data[k] ?? 1;
  const ignored = (t: number) => t === (o.ignoreIndex ?? -100);
  const losses = build(labels.shape, (index, i) => {
    const t = labels.data[i];
    if (ignored(t)) return 0;
    const of = (k: number) => -w(k) * at(logp, withClass(index, axis, k));
    let all = 0;
    for (let k = 0; k < c && e > 0; k++) all += of(k);
    return (1 - e) * of(t) + (e / c) * all;
  });
  const count = total([...labels.data].map((t) => (ignored(t) ? 0 : w(t))));
  return { losses, count };
}

const logSoftmaxRows = (x: Nd): Nd =>
  along(x, classAxis(x), (row) => {
    const top = Math.max(...row);
    const s = top + Math.log(total(row.map((v) => Math.exp(v - top))));
    return row.map((v) => v - s);
  });

function against(x: Nd, labels: Nd, weight: Nd | undefined, o: Classes): Nd {
  const logp = logSoftmaxRows(x);
  if (labels.shape.length < x.shape.length) {
    const { losses, count } = rows(logp, labels, weight, o);
    return reduce(losses, o.reduction, count);
  }
  const axis = classAxis(x);
  const c = x.shape[axis];
  const e = o.labelSmoothing ?? 0;
  const rowShape = x.shape.filter((_, i) => i !== axis);
  const losses = build(rowShape, (index) => {
    let s = 0;
    for (let k = 0; k < c; k++) {
      const i = withClass(index, axis, k);
      s -= (weight?.data[k] ?? 1) * ((1 - e) * at(labels, i) + e / c) * at(logp, i);
    }
    return s;
  });
  return reduce(losses, o.reduction);
}

/** Logits, class indices of which every fourth is ignored if ignoreIndex is given, and weights. */
function classSample(draw: Draw, shape: Shape, o: Classes, weighted = false) {
  const axis = shape.length === 1 ? 0 : 1;
  const labels = draw.integers(
    shape.filter((_, i) => i !== axis),
    0,
    shape[axis],
  );
  const some =
    o.ignoreIndex === undefined ? labels.data : labels.data.map((t, i) => (i % 4 === 1 ? o.ignoreIndex! : t));
  const weight = weighted ? [fixed(draw.uniform([shape[axis]], 0.5, 2))] : [];
  return sample(o, draw.normal(shape, 2), { ...labels, data: some }, ...weight);
}

const classSamples = (draw: Draw, more: Classes) => [
  classSample(draw, [5, 4], {}),
  classSample(draw, [5, 4], { reduction: "sum", ...more }, true),
  classSample(draw, [5, 4], { reduction: "none", ignoreIndex: -1 }, true),
  classSample(draw, [2, 3, 4], { ignoreIndex: 1, ...more }, true),
  classSample(draw, [2, 3, 2, 2], { reduction: "none", ...more }),
  classSample(draw, [7], more),
  classSample(draw, [1, 1], {}),
  classSample(draw, [0, 3], { reduction: "sum" }),
  classSample(draw, [67, 33], more, true),
  classSample(draw, [3, 300], more),
];

const probabilitySample = (draw: Draw, shape: Shape, o: Classes, weighted = false) => {
  const axis = shape.length === 1 ? 0 : 1;
  const weight = weighted ? [fixed(draw.uniform([shape[axis]], 0.5, 2))] : [];
  return sample(o, draw.normal(shape, 2), draw.uniform(shape, 0, 1), ...weight);
};

const crossEntropyRecord: OpRecord<Classes> = {
  name: "crossEntropy",
  samples: (draw) => [
    ...classSamples(draw, { labelSmoothing: 0.2 }),
    probabilitySample(draw, [5, 4], {}),
    probabilitySample(draw, [2, 3, 4], { reduction: "none", labelSmoothing: 0.2 }, true),
    probabilitySample(draw, [7], { reduction: "sum" }),
  ],
  run: ([x, labels, weight], o) => crossEntropy(x, labels, { ...o, weight }),
  reference: ([x, labels, weight], o) => against(x, labels, weight, o),
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "labels",
      run: () => crossEntropy(z([2, 3]), z([3], "i32")),
      message: /^crossEntropy: i32 labels must have shape \[2\], logits \[2,3\], labels \[3\]$/,
      type: ShapeError,
    },
    {
      name: "classes",
      run: () => crossEntropy(z([]), z([], "i32")),
      message: /^crossEntropy: logits need a class axis/,
      type: ShapeError,
    },
    {
      name: "weight",
      run: () => crossEntropy(z([2, 3]), z([2], "i32"), { weight: z([2]) }),
      message: /^crossEntropy: weight must have shape \[3\], logits \[2,3\], weight \[2\]$/,
      type: ShapeError,
    },
    {
      name: "smoothing",
      run: () => crossEntropy(z([2, 3]), z([2], "i32"), { labelSmoothing: 1.5 }),
      message: /^crossEntropy: labelSmoothing must be in \[0, 1\], got 1.5$/,
      type: OptionError,
    },
    {
      name: "label dtype",
      run: () => crossEntropy(z([2, 3]), z([2], "u32")),
      message: /^crossEntropy: labels must be i32 class indices or f32 class probabilities, got u32$/,
      type: DTypeError,
    },
  ],
};

const nllRecord: OpRecord<Classes> = {
  name: "nll",
  samples: (draw) => classSamples(draw, {}),
  run: ([x, labels, weight], o) => nll(x, labels, { ...o, weight }),
  reference: ([x, labels, weight], o) => {
    const { losses, count } = rows(x, labels, weight, o);
    return reduce(losses, o.reduction, count);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "labels",
      run: () => nll(z([2, 3]), z([3], "i32")),
      message: /^nll: i32 labels must have shape \[2\]/,
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => nll(z([2, 3]), z([2, 3])),
      message: /^nll: labels must be i32 class indices, got f32$/,
      type: DTypeError,
    },
  ],
};

export const lossRecords = [
  ...pairs,
  bceWithLogitsRecord,
  crossEntropyRecord,
  nllRecord,
] as unknown as readonly OpRecord[];
