// Rows of channels as pixels, and of shuffled channels.
import { ShapeError } from "../../gpu/errors.ts";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../../kernels/pixel_shuffle.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, type Nd } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { option } from "./resize_rows.ts";
import { z } from "./samples.ts";

function shuffleRow(
  op: typeof pixelShuffle,
  cases: readonly (readonly [Shape, number])[],
  source: (index: readonly number[], r: number, x: Nd) => readonly number[],
  shapeOf: (x: Shape, r: number) => Shape,
  wrong: Shape,
  message: RegExp,
): OpRecord<{ readonly r: number }> {
  return {
    name: op.name,
    samples: (draw) => cases.map(([shape, r]) => sample({ r }, draw.normal(shape))),
    run: ([x], { r }) => op(x, r),
    reference: ([x], { r }) =>
      build(shapeOf(x.shape, r), (index) => {
        const from = source(index.slice(-3), r, x);
        return at(x, [...index.slice(0, -3), ...from]);
      }),
    differentiable: true,
    compare: "exact",
    errors: [
      option("channels", () => op(z(wrong), 2), message, ShapeError),
      option(
        "factor",
        () => op(z([1, 4, 4, 4]), 0),
        new RegExp(`^${op.name}: \\w+ must be a positive integer, got 0$`),
      ),
    ],
  };
}

const pixelShuffleRow = shuffleRow(
  pixelShuffle,
  [
    [[2, 8, 3, 4], 2],
    [[9, 2, 2], 3],
    [[0, 4, 2, 2], 2],
  ],
  ([c, y, x], r) => [c * r * r + (y % r) * r + (x % r), Math.floor(y / r), Math.floor(x / r)],
  (s, r) => [...s.slice(0, -3), s.at(-3)! / (r * r), s.at(-2)! * r, s.at(-1)! * r],
  [1, 3, 2, 2],
  /^pixelShuffle: channels must divide by 2\^2, x \[1,3,2,2\], upscaleFactor 2$/,
);

const pixelUnshuffleRow = shuffleRow(
  pixelUnshuffle,
  [
    [[2, 3, 4, 6], 2],
    [[2, 3, 6], 3],
  ],
  ([k, y, x], r) => {
    const [c, i, j] = [Math.floor(k / (r * r)), Math.floor(k / r) % r, k % r];
    return [c, y * r + i, x * r + j];
  },
  (s, r) => [...s.slice(0, -3), s.at(-3)! * r * r, s.at(-2)! / r, s.at(-1)! / r],
  [1, 1, 3, 4],
  /^pixelUnshuffle: height and width must divide by 2, x \[1,1,3,4\], downscaleFactor 2$/,
);

const channelShuffleRow = shuffleRow(
  channelShuffle,
  [
    [[2, 6, 3, 2], 3],
    [[1, 4, 2, 2], 2],
  ],
  ([c, y, x], g, { shape }) => [(c % g) * (shape[1] / g) + Math.floor(c / g), y, x],
  (s) => s,
  [1, 3, 2, 2],
  /^channelShuffle: channels must divide by groups, x \[1,3,2,2\], groups 2$/,
);

export const pixelShuffleRecords = [
  pixelShuffleRow,
  pixelUnshuffleRow,
  channelShuffleRow,
] as unknown as readonly OpRecord[];
