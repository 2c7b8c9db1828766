// Rows of the losses over classes.
import { crossEntropy, nll } from "../../functional/loss.ts";
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Draw } from "../draw.ts";
import { along, at, build, type Nd, total } from "../nd.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { type Reduced, reduce } from "./loss_pairs.ts";
import { z } from "./samples.ts";

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

export const classRecords = [crossEntropyRecord, nllRecord] as unknown as readonly OpRecord[];
