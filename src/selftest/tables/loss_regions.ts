// Rows of the losses on regions and boxes.
import { boxIou, giou, iou } from "../../functional/box_loss.ts";
import * as overlap from "../../functional/overlap_loss.ts";
import { OptionError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Draw } from "../draw.ts";
import { at, build, type Nd, total, zip } from "../nd.ts";
import { f32, fixed, type HostTensor, type OpRecord, sample } from "../record.ts";
import { both, dotOf, loss, lse, refuses, relu, rowsOf } from "./loss_rows.ts";
import { z } from "./samples.ts";

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
export const regions = [
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
  {
    ...loss(
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
    tolerance: {
      forward: 4,
      why: "log p near 0 is the difference of two logits' size, and its rounding counts 1 + gamma times",
    },
  },
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
export const boxRows = [
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
export const boxIouRecord: OpRecord<undefined> = {
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
