// Rows of the losses of distributions.
import { gaussianNll, klDiv, poissonNll } from "../../functional/distribution_loss.ts";
import { OptionError } from "../../gpu/errors.ts";
import { nd, zip } from "../nd.ts";
import { f32, fixed } from "../record.ts";
import { both, loss, refuses, SHAPES } from "./loss_rows.ts";
import { z } from "./samples.ts";

export const distributions = [
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
