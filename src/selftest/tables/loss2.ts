// Rows of the losses beside those of loss.ts: distributions, margins, regions, boxes, sequences, images.
import { boxIou, giou, iou } from "../../functional/box_loss.ts";
import { infoNce, ntXent } from "../../functional/contrastive_loss.ts";
import { type CtcOptions, ctc } from "../../functional/ctc_loss.ts";
import { gaussianNll, klDiv, poissonNll } from "../../functional/distribution_loss.ts";
import type { LossOptions } from "../../functional/loss_reduction.ts";
import * as margins from "../../functional/margin_loss.ts";
import * as overlap from "../../functional/overlap_loss.ts";
import { cosineSimilarity, normalize, pairwiseDistance } from "../../functional/similarity.ts";
import { ssim } from "../../functional/ssim.ts";
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Draw } from "../draw.ts";
import { along, at, build, fold, type Nd, nd, scalar, total, zip } from "../nd.ts";
import {
  type ErrorCase,
  f32,
  fixed,
  type HostTensor,
  integers,
  type OpRecord,
  type Sample,
  sample,
} from "../record.ts";
import { z } from "./samples.ts";

const refuses = (
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase => ({ name, run, message, type });

function reduce(losses: Nd, reduction: LossOptions["reduction"] = "mean"): Nd {
  if (reduction === "none") return losses;
  const s = total([...losses.data]);
  return scalar(reduction === "sum" ? s : s / losses.data.length);
}

const REDUCTIONS = ["mean", "sum", "none"] as const;

/** A loss: `losses` are those of the elements, reduced as the options say. */
function loss<O extends object>(
  name: string,
  f: (xs: readonly Tensor[], options: O & LossOptions) => Tensor,
  losses: (xs: readonly Nd[], options: O) => Nd,
  samples: (draw: Draw) => readonly (readonly [O, ...HostTensor[]])[],
  errors: readonly ErrorCase[],
): OpRecord<O & LossOptions> {
  return {
    name,
    samples: (draw) =>
      samples(draw).map(([o, ...inputs], k) => sample({ reduction: REDUCTIONS[k % 3], ...o }, ...inputs)),
    run: (xs, o) => f(xs, o),
    reference: (xs, o) => reduce(losses(xs, o), o.reduction),
    differentiable: true,
    compare: "largest",
    errors,
  };
}

const SHAPES: readonly Shape[] = [[5], [3, 4], [1], [2, 3, 5], [67, 9]];
const signs = (draw: Draw, shape: Shape): HostTensor => {
  const b = draw.bool(shape);
  return fixed(
    f32(
      shape,
      b.data.map((v) => 2 * v - 1),
    ),
  );
};
const relu = (v: number) => Math.max(v, 0);
/** Either side of a kink at `at`, at least 0.1 away. */
const besides = (draw: Draw, shape: Shape, at: number): HostTensor =>
  f32(
    shape,
    draw.signed(shape, 0.1, 1).data.map((v) => v + at),
  );
const both = (name: string, f: (a: Tensor, b: Tensor) => unknown) =>
  refuses(
    "shapes",
    () => f(z([3]), z([3, 1])),
    new RegExp(`^${name}: needs two tensors of one shape, x \\[3\\], y \\[3,1\\]$`),
  );

const distributions = [
  loss(
    "klDiv",
    ([x, y], o: { logTarget?: boolean }) => klDiv(x, y, o),
    ([x, y], { logTarget }) =>
      zip((a, b) => (logTarget ? Math.exp(b) * (b - a) : b * (Math.log(b) - a)), x, y),
    (draw) =>
      SHAPES.flatMap((shape) => [
        [{}, draw.normal(shape), draw.uniform(shape, 0.1, 1)] as const,
        [{ logTarget: true }, draw.normal(shape), draw.normal(shape)] as const,
      ]),
    [
      both("klDiv", klDiv),
      refuses(
        "reduction",
        () => klDiv(z([1]), z([1]), { reduction: "avg" as "mean" }),
        /^klDiv: reduction must be/,
        OptionError,
      ),
    ],
  ),
  loss(
    "poissonNll",
    ([x, y], o: { logInput?: boolean; full?: boolean; eps?: number }) => poissonNll(x, y, o),
    ([x, y], { logInput = true, full, eps = 1e-8 }) =>
      zip(
        (a, b) => {
          const stirling = full && b > 1 ? b * Math.log(b) - b + 0.5 * Math.log(2 * Math.PI * b) : 0;
          return (logInput ? Math.exp(a) - b * a : a - b * Math.log(a + eps)) + stirling;
        },
        x,
        y,
      ),
    (draw) =>
      SHAPES.flatMap((shape) => [
        [{}, draw.normal(shape), draw.uniform(shape, 0, 5)] as const,
        [
          { full: true },
          draw.normal(shape),
          fixed(draw.integers(shape, 0, 6)) && fixed(f32(shape, draw.integers(shape, 0, 6).data)),
        ] as const,
        [{ logInput: false, eps: 0.01 }, draw.uniform(shape, 0.2, 3), draw.uniform(shape, 0, 5)] as const,
      ]),
    [both("poissonNll", poissonNll)],
  ),
  loss(
    "gaussianNll",
    ([x, y, v], o: { full?: boolean; eps?: number }) => gaussianNll(x, y, v, o),
    ([x, y, v], { full }) => {
      const wide = v.shape.length < x.shape.length ? nd([...v.shape, 1], v.data) : v;
      return zip(
        (a, b, s) => 0.5 * (Math.log(s) + (a - b) ** 2 / s + (full ? Math.log(2 * Math.PI) : 0)),
        x,
        y,
        wide,
      );
    },
    (draw) => [
      ...SHAPES.map((s) => [{}, draw.normal(s), draw.normal(s), draw.uniform(s, 0.2, 2)] as const),
      [{ full: true }, draw.normal([3, 4]), draw.normal([3, 4]), draw.uniform([3, 1], 0.2, 2)] as const,
      [{}, draw.normal([3, 4]), draw.normal([3, 4]), draw.uniform([3], 0.2, 2)] as const,
    ],
    [
      refuses(
        "variance",
        () => gaussianNll(z([3, 4]), z([3, 4]), z([4])),
        /^gaussianNll: variance must have x's shape/,
      ),
      refuses(
        "eps",
        () => gaussianNll(z([3]), z([3]), z([3]), { eps: 0 }),
        /^gaussianNll: eps must be positive, got 0$/,
        OptionError,
      ),
    ],
  ),
];

const dotOf = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + v * b[i], 0);
/** `fn` of the rows of x and y on the last axis. */
function rowsOf(fn: (...rows: number[][]) => number, ...xs: Nd[]): Nd {
  const d = xs[0].shape.at(-1)!;
  return build(xs[0].shape.slice(0, -1), (_, i) =>
    fn(...xs.map((x) => [...x.data.slice(i * d, (i + 1) * d)])),
  );
}
const cosine = (a: readonly number[], b: readonly number[]) =>
  dotOf(a, b) / Math.sqrt((dotOf(a, a) + 1e-12) * (dotOf(b, b) + 1e-12));
const distance = (a: readonly number[], b: readonly number[], p = 2) =>
  total(a.map((v, i) => Math.abs(v - b[i] + 1e-6) ** p)) ** (1 / p);

interface Margin {
  readonly margin?: number;
  readonly p?: number;
  readonly swap?: boolean;
}

const marginRows = [
  loss(
    "hinge",
    ([x, y], o: Margin) => margins.hinge(x, y, o),
    ([x, y], { margin = 1 }) => zip((a, b) => relu(margin - a * b), x, y),
    (draw) =>
      SHAPES.flatMap((s) =>
        [1, 0.5].map((margin) => {
          const y = signs(draw, s);
          const x = besides(draw, s, margin);
          return [
            { margin },
            f32(
              s,
              x.data.map((v, i) => v * y.data[i]),
            ),
            y,
          ] as const;
        }),
      ),
    [both("hinge", margins.hinge)],
  ),
  loss(
    "hingeEmbedding",
    ([x, y], o: Margin) => margins.hingeEmbedding(x, y, o),
    ([x, y], { margin = 1 }) => zip((a, b) => (b === 1 ? a : relu(margin - a)), x, y),
    (draw) =>
      SHAPES.flatMap((s) =>
        [1, 0.5].map((margin) => [{ margin }, besides(draw, s, margin), signs(draw, s)] as const),
      ),
    [both("hingeEmbedding", margins.hingeEmbedding)],
  ),
  loss(
    "marginRanking",
    ([a, b, y], o: Margin) => margins.marginRanking(a, b, y, o),
    ([a, b, y], { margin = 0 }) => zip((u, v, w) => relu(margin - w * (u - v)), a, b, y),
    (draw) =>
      SHAPES.map((s) => {
        const [b, d, y] = [draw.normal(s), draw.signed(s, 0.1, 1), signs(draw, s)];
        return [
          { margin: 0 },
          f32(
            s,
            b.data.map((v, i) => v + d.data[i]),
          ),
          b,
          y,
        ] as const;
      }),
    [
      refuses(
        "shapes",
        () => margins.marginRanking(z([3]), z([3]), z([1])),
        /^marginRanking: needs two tensors of one shape/,
      ),
    ],
  ),
  loss(
    "multiMargin",
    ([x, labels, weight], o: Margin) => margins.multiMargin(x, labels, { ...o, weight }),
    ([x, labels, weight], { p = 1, margin = 1 }) => {
      const c = x.shape.at(-1)!;
      return build(labels.shape, (_, i) => {
        const row = x.data.slice(i * c, (i + 1) * c);
        const t = labels.data[i];
        const sum = total([...row].map((v, j) => (j === t ? 0 : relu(margin - row[t] + v) ** p)));
        return ((weight?.data[t] ?? 1) * sum) / c;
      });
    },
    (draw) =>
      [
        [{}, draw.distinct([5, 4]), draw.integers([5], 0, 4)],
        [{ p: 2 }, draw.distinct([5, 4]), draw.integers([5], 0, 4), draw.uniform([4], 0.5, 2)],
        [{ margin: 0.26 }, draw.distinct([7, 3], 0.1), draw.integers([7], 0, 3), draw.uniform([3], 0.5, 2)],
        [{ margin: 0.52 }, draw.distinct([6], 0.3), draw.integers([], 0, 6)],
      ].map(
        ([o, ...xs], k) => [{ margin: k < 2 ? 1.02 : 1, ...(o as Margin) }, ...(xs as HostTensor[])] as const,
      ),
    [
      refuses(
        "p",
        () => margins.multiMargin(z([2, 3]), z([2], "i32"), { p: 3 }),
        /^multiMargin: p must be 1 or 2, got 3$/,
        OptionError,
      ),
      refuses(
        "labels",
        () => margins.multiMargin(z([2, 3]), z([3], "i32")),
        /^multiMargin: needs x \[n,c\] and labels \[n\]/,
      ),
      refuses(
        "dtype",
        () => margins.multiMargin(z([2, 3]), z([2])),
        /^multiMargin: labels must be i32, got f32$/,
        DTypeError,
      ),
    ],
  ),
  loss(
    "cosineEmbedding",
    ([a, b, y], o: Margin) => margins.cosineEmbedding(a, b, y, o),
    ([a, b, y], { margin = 0 }) => {
      const cos = rowsOf(cosine, a, b);
      return zip((c, t) => (t === 1 ? 1 - c : relu(c - margin)), cos, y);
    },
    (draw) => [
      [{ margin: -1.5 }, draw.normal([5, 3]), draw.normal([5, 3]), signs(draw, [5])],
      [{ margin: -1.5 }, draw.normal([4]), draw.normal([4]), signs(draw, [])],
      [{ margin: 1.5 }, draw.normal([67, 9]), draw.normal([67, 9]), signs(draw, [67])],
    ],
    [
      refuses(
        "y",
        () => margins.cosineEmbedding(z([2, 3]), z([2, 3]), z([3])),
        /^cosineEmbedding: needs a, b \[n,d\] and y \[n\]/,
      ),
    ],
  ),
  loss(
    "tripletMargin",
    ([a, p, n], o: Margin) => margins.tripletMargin(a, p, n, o),
    ([a, p, n], { margin = 1, p: order, swap }) =>
      rowsOf(
        (u, v, w) =>
          relu(
            distance(u, v, order) -
              Math.min(distance(u, w, order), swap ? distance(v, w, order) : 1e9) +
              margin,
          ),
        a,
        p,
        n,
      ),
    (draw) =>
      [{ margin: 9 }, { margin: 9, swap: true }, { margin: 9, p: 3 }, { margin: -20 }].flatMap((o) =>
        [[5, 3], [4], [17, 9]].map((s) => [o, draw.normal(s), draw.normal(s), draw.normal(s)] as const),
      ),
    [
      refuses(
        "shapes",
        () => margins.tripletMargin(z([2, 3]), z([2, 3]), z([3])),
        /^tripletMargin: needs two tensors of one shape/,
      ),
    ],
  ),
];

const vectors: readonly OpRecord<{ p?: number; axis?: number; keepdim?: boolean }>[] = [
  {
    name: "normalize",
    samples: (draw) => [
      sample({}, draw.normal([5, 3])),
      sample({ axis: -1 }, draw.normal([7])),
      sample({ axis: 0, p: 3 }, draw.signed([4, 2], 0.2, 1)),
      sample({ axis: 1, p: 1 }, draw.signed([2, 3, 4], 0.2, 1)),
      sample({ axis: 1 }, draw.normal([67, 33])),
    ],
    run: ([x], o) => normalize(x, o),
    reference: ([x], { p = 2, axis = 1 }) =>
      along(x, axis, (row) => {
        const n = total(row.map((v) => Math.abs(v) ** p)) ** (1 / p);
        return row.map((v) => v / n);
      }),
    differentiable: true,
    errors: [refuses("axis", () => normalize(z([3])), /axis 1 is out of range/)],
  },
  {
    name: "pairwiseDistance",
    samples: (draw) => [
      sample({}, draw.normal([5, 3]), draw.normal([5, 3])),
      sample({ keepdim: true }, draw.normal([2, 5, 3]), draw.normal([3])),
      sample({ p: 1 }, draw.uniform([4, 3], 0, 1), draw.uniform([4, 3], 2, 3)),
      sample({ p: 3 }, draw.uniform([4], 0, 1), draw.uniform([4], 2, 3)),
    ],
    run: ([a, b], o) => pairwiseDistance(a, b, o),
    reference: ([a, b], { p = 2, keepdim = false }) =>
      fold(
        zip((u, v) => u - v + 1e-6, a, b),
        -1,
        keepdim,
        (row) => total(row.map((v) => Math.abs(v) ** p)) ** (1 / p),
      ),
    differentiable: true,
    errors: [
      refuses("shapes", () => pairwiseDistance(z([2]), z([3])), /shapes do not broadcast, \[2\] and \[3\]$/),
    ],
  },
  {
    name: "cosineSimilarity",
    samples: (draw) => [
      sample({}, draw.normal([5, 3]), draw.normal([5, 3])),
      sample({ axis: 0 }, draw.normal([5]), draw.normal([5])),
      sample({ axis: -1 }, draw.normal([4, 1, 3]), draw.normal([5, 3])),
    ],
    run: ([a, b], o) => cosineSimilarity(a, b, o),
    reference: ([a, b], { axis = 1 }) => {
      const on = axis < 0 ? axis : axis - a.shape.length;
      const sum = (x: Nd) => fold(x, on, false, total);
      const length = (x: Nd) => sum(zip((v) => v * v, x));
      const product = sum(zip((u, v) => u * v, a, b));
      const lengths = zip((u, v) => Math.sqrt(u * v), length(a), length(b));
      return zip((u, v) => u / v, product, lengths);
    },
    differentiable: true,
    compare: "largest",
    errors: [refuses("axis", () => cosineSimilarity(z([2]), z([2])), /axis 1 is out of range/)],
  },
];

const unit = (row: readonly number[]) => row.map((v) => v / Math.sqrt(dotOf(row, row)));
const rowList = (x: Nd) =>
  Array.from({ length: x.shape[0] }, (_, i) => [...x.data.slice(i * x.shape[1], (i + 1) * x.shape[1])]);
const lse = (row: readonly number[]) => {
  const top = Math.max(...row);
  return top + Math.log(total(row.map((v) => Math.exp(v - top))));
};

interface Temperature {
  readonly temperature?: number;
}
const contrastive = (draw: Draw): (readonly [Temperature, HostTensor, HostTensor])[] => [
  [{}, draw.normal([3, 4]), draw.normal([3, 4])],
  [{ temperature: 0.2 }, draw.normal([5, 3]), draw.normal([5, 3])],
  [{ temperature: 1 }, draw.normal([2, 9]), draw.normal([2, 9])],
  [{}, draw.normal([17, 9]), draw.normal([17, 9])],
];
const contrastiveErrors = (name: string, f: typeof ntXent) => [
  refuses("rank", () => f(z([3]), z([3])), new RegExp(`^${name}: needs two \\[n,d\\], got \\[3\\]$`)),
  refuses(
    "temperature",
    () => f(z([2, 2]), z([2, 2]), { temperature: 0 }),
    /temperature must be positive, got 0$/,
    OptionError,
  ),
];

const contrasts = [
  loss(
    "ntXent",
    ([a, b], o: Temperature) => ntXent(a, b, o),
    ([a, b], { temperature = 0.5 }) => {
      const views = [...rowList(a), ...rowList(b)].map(unit);
      const n = a.shape[0];
      return nd(
        [2 * n],
        views.map((u, i) => {
          const logit = (j: number) => dotOf(u, views[j]) / temperature;
          const others = [...views.keys()].filter((j) => j !== i).map(logit);
          return lse(others) - logit((i + n) % (2 * n));
        }),
      );
    },
    contrastive,
    contrastiveErrors("ntXent", ntXent),
  ),
  loss(
    "infoNce",
    ([a, b], o: Temperature) => infoNce(a, b, o),
    ([a, b], { temperature = 0.5 }) => {
      const keys = rowList(b).map(unit);
      return nd(
        [a.shape[0]],
        rowList(a)
          .map(unit)
          .map((u, i) => {
            const logits = keys.map((k) => dotOf(u, k) / temperature);
            return lse(logits) - logits[i];
          }),
      );
    },
    contrastive,
    contrastiveErrors("infoNce", infoNce),
  ),
];

interface Region {
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
  readonly smooth?: number;
}
/** tp, sum x, sum y of each [n, c]. */
function counts(x: Nd, y: Nd): { at: (i: number) => [number, number, number]; shape: Shape } {
  const [n, c] = x.shape;
  const size = x.data.length / (n * c);
  return {
    shape: [n, c],
    at: (i) => {
      const [p, q] = [x, y].map((t) => [...t.data.slice(i * size, (i + 1) * size)]);
      return [dotOf(p, q), total(p), total(q)];
    },
  };
}
const masks = (draw: Draw, o: readonly Region[]) =>
  o.flatMap((options) =>
    [
      [2, 3, 4],
      [1, 2, 3, 5],
      [3, 1, 2, 2, 2],
      [2, 2, 67],
    ].map((s) => [options, draw.uniform(s, 0.05, 0.95), fixed(f32(s, draw.bool(s).data))] as const),
  );
const maskErrors = (name: string, f: typeof overlap.dice) => [
  both(name, f),
  refuses("rank", () => f(z([3]), z([3])), new RegExp(`^${name}: needs \\[n,c,...\\], got \\[3\\]$`)),
];
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const regions = [
  loss(
    "dice",
    ([x, y], o: Region) => overlap.dice(x, y, o),
    ([x, y], { smooth = 1e-5 }) => {
      const k = counts(x, y);
      return build(k.shape, (_, i) => {
        const [tp, p, q] = k.at(i);
        return 1 - (2 * tp + smooth) / (p + q + smooth);
      });
    },
    (draw) => masks(draw, [{}, { smooth: 1 }]),
    maskErrors("dice", overlap.dice),
  ),
  loss(
    "tversky",
    ([x, y], o: Region) => overlap.tversky(x, y, o),
    ([x, y], { smooth = 1e-5, alpha = 0.5, beta = 0.5 }) => {
      const k = counts(x, y);
      return build(k.shape, (_, i) => {
        const [tp, p, q] = k.at(i);
        return 1 - (tp + smooth) / (tp + alpha * (p - tp) + beta * (q - tp) + smooth);
      });
    },
    (draw) => masks(draw, [{}, { alpha: 0.3, beta: 0.7, smooth: 1 }]),
    maskErrors("tversky", overlap.tversky),
  ),
  loss(
    "generalizedDice",
    ([x, y], o: Region) => overlap.generalizedDice(x, y, o),
    ([x, y], { smooth = 1e-5 }) => {
      const k = counts(x, y);
      const [n, c] = k.shape;
      return build([n], ([i]) => {
        let [above, below] = [0, 0];
        for (let j = 0; j < c; j++) {
          const [tp, p, q] = k.at(i * c + j);
          const w = 1 / Math.max(q, 1) ** 2;
          above += w * tp;
          below += w * (p + q);
        }
        return 1 - (2 * above + smooth) / (below + smooth);
      });
    },
    (draw) => masks(draw, [{}, { smooth: 1 }]),
    maskErrors("generalizedDice", overlap.generalizedDice),
  ),
  loss(
    "focal",
    ([x, y], o: Region) => overlap.focal(x, y, o),
    ([x, y], { alpha = 0.25, gamma = 2 }) =>
      zip(
        (v, t) => {
          const ce = Math.log1p(Math.exp(-(2 * t - 1) * v));
          const weight = alpha < 0 ? 1 : t ? alpha : 1 - alpha;
          return weight * sigmoid(-(2 * t - 1) * v) ** gamma * ce;
        },
        x,
        y,
      ),
    (draw) =>
      [{}, { gamma: 0 }, { alpha: -1, gamma: 1 }, { gamma: 2.5 }].flatMap((o) =>
        [[5], [3, 4], [67, 9]].map((s) => [o, draw.normal(s, 2), fixed(f32(s, draw.bool(s).data))] as const),
      ),
    [
      both("focal", overlap.focal),
      refuses(
        "gamma",
        () => overlap.focal(z([1]), z([1]), { gamma: 0.5 }),
        /^focal: gamma must be 0, or 1 or more, got 0.5$/,
        OptionError,
      ),
    ],
  ),
  loss(
    "softmaxFocal",
    ([x, labels], o: Region) => overlap.softmaxFocal(x, labels, o),
    ([x, labels], { gamma = 2 }) => {
      const axis = x.shape.length === 1 ? 0 : 1;
      return build(labels.shape, (index, i) => {
        const put = (k: number) => [...index.slice(0, axis), k, ...index.slice(axis)];
        const row = Array.from({ length: x.shape[axis] }, (_, k) => at(x, put(k)));
        const logp = row[labels.data[i]] - lse(row);
        return -((1 - Math.exp(logp)) ** gamma) * logp;
      });
    },
    (draw) =>
      [{}, { gamma: 0 }, { gamma: 1.5 }].flatMap((o) =>
        [[5, 4], [4], [2, 3, 4]].map((s) => {
          const axis = s.length === 1 ? 0 : 1;
          return [
            o,
            draw.normal(s, 2),
            draw.integers(
              s.filter((_, i) => i !== axis),
              0,
              s[axis],
            ),
          ] as const;
        }),
      ),
    [
      refuses(
        "gamma",
        () => overlap.softmaxFocal(z([2, 2]), z([2], "i32"), { gamma: -1 }),
        /^softmaxFocal: gamma must be 0/,
        OptionError,
      ),
    ],
  ),
];

/** Boxes of which every third pair does not meet. Numbers are 0.1 apart, those of b between those of a: no kinks. */
function boxes(draw: Draw, shape: Shape, which: "a" | "b" = "a"): HostTensor {
  const [corner, size] = [draw.integers(shape, 0, 10), draw.integers(shape, 15, 30)];
  return f32(
    shape,
    corner.data.map((v, i) => {
      const far = which === "b" && Math.floor(i / 4) % 3 === 2 ? 9 : 0;
      const steps = i % 4 < 2 ? v : corner.data[i - 2] + size.data[i];
      return far + 0.1 * steps + (which === "b" ? 0.05 : 0);
    }),
  );
}
function overlapOf(a: ArrayLike<number>, b: ArrayLike<number>) {
  const area = (t: ArrayLike<number>) => (t[2] - t[0]) * (t[3] - t[1]);
  const both =
    relu(Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * relu(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const hull = (Math.max(a[2], b[2]) - Math.min(a[0], b[0])) * (Math.max(a[3], b[3]) - Math.min(a[1], b[1]));
  return { both, union: area(a) + area(b) - both, hull };
}
const boxSamples = (draw: Draw) =>
  [[4], [5, 4], [2, 3, 4], [67, 4]].map((s) => [{}, boxes(draw, s), boxes(draw, s, "b")] as const);
const boxErrors = (name: string, f: typeof iou) => [
  refuses(
    "four",
    () => f(z([2, 3]), z([2, 3])),
    new RegExp(`^${name}: boxes have 4 numbers on the last axis, got \\[2,3\\]$`),
  ),
  both(name, f),
];
const boxRows = [
  loss(
    "iou",
    ([a, b], o: object) => iou(a, b, o),
    ([a, b]) => rowsOf((p, q) => 1 - overlapOf(p, q).both / (overlapOf(p, q).union + 1e-7), a, b),
    boxSamples,
    boxErrors("iou", iou),
  ),
  loss(
    "giou",
    ([a, b], o: object) => giou(a, b, o),
    ([a, b]) =>
      rowsOf(
        (p, q) => {
          const { both, union, hull } = overlapOf(p, q);
          return 1 - both / (union + 1e-7) + (hull - union) / (hull + 1e-7);
        },
        a,
        b,
      ),
    boxSamples,
    boxErrors("giou", giou),
  ),
];
const boxIouRecord: OpRecord<undefined> = {
  name: "boxIou",
  samples: (draw) => [sample(undefined, boxes(draw, [5, 4]), boxes(draw, [3, 4], "b"))],
  run: ([a, b]) => boxIou(a, b),
  reference: ([a, b]) =>
    build([a.shape[0], b.shape[0]], ([i, j]) => {
      const { both, union } = overlapOf(a.data.slice(4 * i, 4 * i + 4), b.data.slice(4 * j, 4 * j + 4));
      return both / union;
    }),
  differentiable: true,
  errors: [
    refuses(
      "rank",
      () => boxIou(z([4]), z([1, 4])),
      /^boxIou: needs \[n,4\] and \[m,4\], a \[4\], b \[1,4\]$/,
    ),
  ],
};

/** -log of the sum over all paths, by the recursion over states. */
function ctcOf(
  logp: (t: number, c: number) => number,
  labels: readonly number[],
  steps: number,
  blank: number,
): number {
  const states = [blank, ...labels.flatMap((l) => [l, blank])];
  let now = states.map((c, s) => (s < 2 ? logp(0, c) : Number.NEGATIVE_INFINITY));
  for (let t = 1; t < steps; t++) {
    now = states.map((c, s) => {
      const from = [
        now[s],
        ...(s > 0 ? [now[s - 1]] : []),
        ...(s > 1 && c !== blank && c !== states[s - 2] ? [now[s - 2]] : []),
      ];
      const top = Math.max(...from);
      return top === Number.NEGATIVE_INFINITY ? top : lse(from) + logp(t, c);
    });
  }
  return -lse(now.slice(-2));
}

interface Ctc extends CtcOptions {
  readonly steps: readonly number[];
  readonly widths: readonly number[];
}
function ctcSample(draw: Draw, [t, n, c]: readonly number[], o: Ctc): Sample<Ctc> {
  const width = Math.max(...o.widths);
  const others = Array.from({ length: c }, (_, k) => k).filter((k) => k !== (o.blank ?? 0));
  const targets = integers(
    [n, width],
    draw.integers([n, width], 0, c - 1).data.map((k) => others[k]),
  );
  const shape = n === 1 && o.reduction === "sum" ? [t, c] : [t, n, c];
  return sample(o, draw.normal(shape), shape.length === 2 ? { ...targets, shape: [width] } : targets);
}
const ctcRecord: OpRecord<Ctc> = {
  name: "ctc",
  samples: (draw) => [
    ctcSample(draw, [6, 2, 4], { steps: [6, 5], widths: [2, 3] }),
    ctcSample(draw, [5, 3, 3], { steps: [5, 4, 1], widths: [1, 0, 1], reduction: "none" }),
    ctcSample(draw, [4, 1, 3], { steps: [4], widths: [2], reduction: "sum" }),
    ctcSample(draw, [7, 2, 5], { steps: [7, 7], widths: [3, 2], blank: 4, reduction: "sum" }),
    ctcSample(draw, [1, 2, 3], { steps: [1, 1], widths: [1, 1] }),
    ctcSample(draw, [12, 2, 6], { steps: [12, 9], widths: [4, 3] }),
  ],
  run: ([x, targets], { steps, widths, ...o }) => ctc(x, targets, steps, widths, o),
  reference: ([x, targets], { steps, widths, blank = 0, reduction = "mean" }) => {
    const n = steps.length;
    const [c, width] = [x.shape.at(-1)!, targets.shape.at(-1)!];
    const losses = nd(
      [n],
      steps.map((length, i) => {
        const labels = [...targets.data.slice(i * width, i * width + widths[i])];
        const all = ctcOf((t, k) => x.data[(t * n + i) * c + k], labels, length, blank);
        return reduction === "mean" ? all / Math.max(widths[i], 1) : all;
      }),
    );
    return reduce(losses, reduction);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    refuses(
      "targets",
      () => ctc(z([3, 2, 4]), z([3, 1], "i32"), [3, 3], [1, 1]),
      /^ctc: needs x \[steps,batch,classes\] and labels/,
    ),
    refuses(
      "dtype",
      () => ctc(z([3, 1, 4]), z([1, 1]), [3], [1]),
      /^ctc: needs f32 log-probabilities, i32 labels/,
      DTypeError,
    ),
    refuses(
      "blank",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [3], [1], { blank: 4 }),
      /^ctc: blank must be a class of 4, got 4$/,
      OptionError,
    ),
    refuses(
      "length",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [4], [1]),
      /^ctc: input lengths must be in 0..3, got 4$/,
      OptionError,
    ),
    refuses(
      "lengths",
      () => ctc(z([3, 1, 4]), z([1, 1], "i32"), [3, 3], [1]),
      /^ctc: lengths must be \[1\], got \[2\]$/,
    ),
    refuses(
      "row",
      () => ctc(z([3, 2, 4]), z([3], "i32"), [3, 3], [1, 1]),
      /^ctc: targets must be \[2\] by their lengths, got \[3\]$/,
    ),
  ],
};

interface Window {
  readonly windowSize: number;
  readonly sigma?: number;
  readonly dataRange?: number;
}
const ssimRecord = {
  ...loss(
    "ssim",
    ([x, y], o: Window) => ssim(x, y, o),
    ([x, y], { windowSize: k, sigma = 1.5, dataRange = 1 }) => {
      const raw = Array.from({ length: k }, (_, i) => Math.exp(-((i - (k - 1) / 2) ** 2) / (2 * sigma ** 2)));
      const w = raw.map((v) => v / total(raw));
      const [n, c, h, wide] = x.shape;
      const [c1, c2] = [(0.01 * dataRange) ** 2, (0.03 * dataRange) ** 2];
      const map = build([n, c, h - k + 1, wide - k + 1], ([i, j, u, v]) => {
        const s = [0, 0, 0, 0, 0];
        for (let a = 0; a < k; a++)
          for (let b = 0; b < k; b++) {
            const [p, q] = [at(x, [i, j, u + a, v + b]), at(y, [i, j, u + a, v + b])];
            [p, q, p * p, q * q, p * q].forEach((t, m) => {
              s[m] += w[a] * w[b] * t;
            });
          }
        const [mx, my, xx, yy, xy] = s;
        return (
          ((2 * mx * my + c1) * (2 * (xy - mx * my) + c2)) /
          (mx * mx + my * my + c1) /
          (xx - mx * mx + yy - my * my + c2)
        );
      });
      return fold(map, [1, 2, 3], false, (row) => total(row) / row.length);
    },
    (draw) => [
      [{ windowSize: 3 }, draw.uniform([1, 1, 4, 5], 0, 1), draw.uniform([1, 1, 4, 5], 0, 1)],
      [{ windowSize: 5, sigma: 0.8 }, draw.uniform([2, 2, 6, 5], 0, 1), draw.uniform([2, 2, 6, 5], 0, 1)],
      [{ windowSize: 3, dataRange: 2 }, draw.uniform([2, 1, 3, 3], 0, 1), draw.uniform([2, 1, 3, 3], 0, 1)],
    ],
    [
      refuses(
        "window",
        () => ssim(z([1, 1, 9, 9]), z([1, 1, 9, 9]), { windowSize: 4 }),
        /^ssim: needs an odd windowSize/,
        OptionError,
      ),
      refuses(
        "size",
        () => ssim(z([1, 1, 9, 9]), z([1, 1, 9, 9])),
        /^ssim: needs \[n,c,h,w\] of 11 pixels or more, got \[1,1,9,9\]$/,
      ),
    ],
  ),
  tolerance: {
    forward: 10,
    gradient: 3,
    doubleGradient: 3,
    why: "variances are differences of averages near each other, beside constants of 1e-4",
  },
};

export const loss2Records = [
  ...distributions,
  ...marginRows,
  ...vectors,
  ...contrasts,
  ...regions,
  ...boxRows,
  boxIouRecord,
  ctcRecord,
  ssimRecord,
] as unknown as readonly OpRecord[];
