// Rows of the losses with a margin.
import * as margins from "../../functional/margin_loss.ts";
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import { build, total, zip } from "../nd.ts";
import { f32, type HostTensor } from "../record.ts";
import { besides, both, cosine, distance, loss, refuses, relu, rowsOf, SHAPES, signs } from "./loss_rows.ts";
import { z } from "./samples.ts";

interface Margin {
  readonly margin?: number;
  readonly p?: number;
  readonly swap?: boolean;
}

export const marginRows = [
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
