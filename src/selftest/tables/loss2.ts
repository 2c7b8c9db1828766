import { gaussianNll, klDiv, poissonNll } from "../../functional/distribution_loss.ts";
import * as margins from "../../functional/margin_loss.ts";
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import { build, nd, total, zip } from "../nd.ts";
import { f32, fixed, type HostTensor, type OpRecord } from "../record.ts";
import { boxIouRecord, boxRows, regions } from "./loss_regions.ts";
import { besides, both, cosine, distance, loss, refuses, relu, rowsOf, SHAPES, signs } from "./loss_rows.ts";
import { ctcRecord, ssimRecord } from "./loss_sequences.ts";
import { contrasts, vectors } from "./loss_vectors.ts";
import { z } from "./samples.ts";

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
