// Rows of broadcasting and of the sums that are its transpose.
import { ShapeError } from "../../gpu/errors.ts";
import { broadcastTo, spread } from "../../kernels/broadcast.ts";
import { sumOver, sumTo } from "../../kernels/reduce.ts";
import type { Shape } from "../../tensor/shape.ts";
import { fold, map, nd, reshaped, scalar, total, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

interface To {
  readonly shape: Shape;
}

const WIDENINGS: readonly (readonly [small: Shape, large: Shape])[] = [
  [[], [3, 5]],
  [[5], [3, 5]],
  [
    [3, 1],
    [3, 5],
  ],
  [
    [2, 1, 4],
    [2, 3, 4],
  ],
  [
    [1, 3, 1, 2],
    [4, 3, 5, 2],
  ],
  [[7], [7]],
  [
    [1, 64],
    [33, 64],
  ],
  [[1], [0]],
  [
    [2, 1, 2, 1, 2, 1],
    [2, 3, 2, 3, 2, 3],
  ],
];

const sumInto = (x: Parameters<typeof fold>[0], shape: Shape) => {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < lead || shape[i - lead] === 1);
  return axes.length === 0 ? x : reshaped(fold(x, axes, true, total), shape);
};

const sumToRecord: OpRecord<To> = {
  name: "sumTo",
  samples: (draw) => WIDENINGS.map(([shape, large]) => sample({ shape }, draw.normal(large))),
  run: ([x], { shape }) => sumTo(x, shape),
  reference: ([x], { shape }) => sumInto(x, shape),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "shape",
      run: () => sumTo(z([2, 3]), [2]),
      message: /^sumTo: \[2\] does not broadcast to \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

const broadcastToRecord: OpRecord<To> = {
  name: "broadcastTo",
  samples: (draw) => [
    ...WIDENINGS.map(([small, shape]) => sample({ shape }, draw.normal(small))),
    sample({ shape: [3, 5] }, draw.integers([5], -9, 9)),
    sample({ shape: [3, 2, 5] }, draw.bool([2, 1])),
  ],
  run: ([x], { shape }) => broadcastTo(x, shape),
  reference: ([x], { shape }) =>
    zip((v) => v, x, nd(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)))),
  differentiable: true,
  compare: "exact",
  errors: [
    {
      name: "shape",
      run: () => broadcastTo(z([2]), [2, 3]),
      message: /^broadcastTo: \[2\] does not broadcast to \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

interface Scaled {
  readonly shape: Shape;
  readonly mask: readonly boolean[];
  readonly scale: number;
}

const sumOverRecord: OpRecord<Scaled> = {
  name: "sumOver",
  samples: (draw) => [
    sample({ shape: [3, 1], mask: [false, true], scale: 0.25 }, draw.normal([3, 7])),
    sample({ shape: [], mask: [true], scale: -2 }, draw.normal([67])),
  ],
  run: ([x], { mask, shape, scale }) => sumOver(x, mask, shape, scale),
  reference: ([x], { shape, scale }) => map(sumInto(x, shape), (v) => v * scale),
  differentiable: true,
  compare: "sums",
  errors: [],
};

const spreadRecord: OpRecord<Scaled> = {
  name: "spread",
  samples: (draw) => [
    sample({ shape: [3, 7], mask: [false, true], scale: 0.25 }, draw.normal([3, 1])),
    sample({ shape: [67], mask: [true], scale: -2 }, draw.normal([])),
  ],
  run: ([x], { mask, shape, scale }) => spread(x, mask, shape, scale),
  reference: ([x], { shape, scale }) => {
    const large = nd(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)));
    return zip(
      (v, s) => v * s,
      x,
      zip((_, s) => s, large, scalar(scale)),
    );
  },
  differentiable: true,
  errors: [],
};

export const broadcastRecords = [
  sumToRecord,
  broadcastToRecord,
  sumOverRecord,
  spreadRecord,
] as unknown as readonly OpRecord[];
