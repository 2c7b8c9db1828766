// Rows of the losses of two tensors element by element.
import { bce, bceWithLogits, huber, l1, mse, type Reduction, smoothL1 } from "../../functional/loss.ts";
import { OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { type Nd, scalar, total, zip } from "../nd.ts";
import { type ErrorCase, f32, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { REDUCTIONS, SHAPES } from "./loss_rows.ts";
import { z } from "./samples.ts";

export interface Reduced {
  readonly reduction?: Reduction;
}

export function reduce(losses: Nd, reduction: Reduction = "mean", count = losses.data.length): Nd {
  if (reduction === "none") return losses;
  const s = total([...losses.data]);
  return scalar(reduction === "sum" ? s : s / count);
}

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

interface Masked extends Reduced {
  readonly maskNaN?: boolean;
}

/** Every third target is NaN: not known. */
function unknownTargets(draw: Draw, shape: Shape): [HostTensor, HostTensor] {
  const [x, y] = logits(draw, shape);
  return [
    x,
    fixed(
      f32(
        shape,
        y.data.map((v, i) => (i % 3 === 1 ? Number.NaN : v)),
      ),
    ),
  ];
}

/** With weight and posWeight, which broadcast, as third and fourth input; with targets that are masked. */
const bceWithLogitsRecord: OpRecord<Masked> = {
  ...unweighted,
  samples: (draw) => [
    ...unweighted.samples(draw),
    ...REDUCTIONS.map((reduction) => {
      const weights = [draw.uniform([3, 1], 0.5, 2), draw.uniform([4], 0.5, 2)];
      return sample({ reduction }, ...logits(draw, [3, 4]), ...weights);
    }),
    ...REDUCTIONS.map((reduction) =>
      sample({ reduction, maskNaN: true }, ...unknownTargets(draw, [3, 5]), draw.uniform([5], 0.5, 2)),
    ),
  ],
  run: ([x, y, weight, posWeight], o) => bceWithLogits(x, y, { ...o, weight, posWeight }),
  reference: ([x, y, weight = scalar(1), posWeight = scalar(1)], o) => {
    const one = (x: number, y: number, w: number, p: number) =>
      o.maskNaN && Number.isNaN(y) ? 0 : w * (p * y * softplus(-x) + (1 - y) * softplus(x));
    const known = o.maskNaN ? y.data.filter((v) => !Number.isNaN(v)).length : undefined;
    return reduce(zip(one, x, y, weight, posWeight), o.reduction, known);
  },
};

export const pairRecords = [...pairs, bceWithLogitsRecord] as unknown as readonly OpRecord[];
