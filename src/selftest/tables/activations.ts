// Rows of the hard and the smooth activations; relu, gelu and their like: unary.ts.
import { OptionError, ShapeError } from "../../gpu/errors.ts";
import * as hard from "../../kernels/activation_hard.ts";
import * as smooth from "../../kernels/activation_smooth.ts";
import type { Shape } from "../../tensor/shape.ts";
import { build } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";
import { type Row, recordsOf } from "./unary_rows.ts";

const between = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

const ROWS: Record<string, Row> = {
  logSigmoid: { f: smooth.logSigmoid, ref: (x) => -Math.log1p(Math.exp(-x)), range: [-6, 6] },
  mish: { f: smooth.mish, ref: (x) => x * Math.tanh(Math.log1p(Math.exp(x))), range: [-5, 5] },
  softsign: { f: smooth.softsign, ref: (x) => x / (1 + Math.abs(x)), range: [-4, 4], kinks: [0] },
  relu6: { f: hard.relu6, ref: (x) => between(x, 0, 6), range: [-2, 8], kinks: [0, 6] },
  hardtanh: {
    f: hard.hardtanh,
    ref: (x: number, { min = -1, max = 1 }: hard.HardtanhOptions) => between(x, min, max),
    range: [-3, 3],
    kinks: [-2, -1, 0.5, 1],
    options: [{}, { min: -2, max: 0.5 }],
    errors: [
      {
        name: "bounds",
        run: () => hard.hardtanh(z([2]), { min: 1, max: 1 }),
        message: /^hardtanh: min must lie below max, got 1 and 1$/,
        type: OptionError,
      },
    ],
  },
  hardsigmoid: {
    f: hard.hardsigmoid,
    ref: (x) => between(x + 3, 0, 6) / 6,
    range: [-5, 5],
    kinks: [-3, 3],
  },
  hardswish: {
    f: hard.hardswish,
    ref: (x) => (x * between(x + 3, 0, 6)) / 6,
    range: [-5, 5],
    kinks: [-3, 3],
  },
  selu: {
    f: hard.selu,
    ref: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    range: [-4, 4],
    kinks: [0],
  },
  celu: {
    f: hard.celu,
    ref: (x: number, { alpha = 1 }) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    range: [-4, 4],
    kinks: [0],
    options: [{}, { alpha: 1.7 }],
    errors: [
      {
        name: "alpha",
        run: () => hard.celu(z([2]), { alpha: 0 }),
        message: /^celu: alpha must not be 0$/,
        type: OptionError,
      },
    ],
  },
};

const PRELU_SHAPES: readonly (readonly [Shape, Shape])[] = [
  [[3, 5], [5]],
  [[2, 3, 4, 5], [3]],
  [[2, 3, 4], [1]],
  [[7], [1]],
  [[], []],
  [[0, 3, 2], [3]],
  [[131, 9], [9]],
];

const preluRecord: OpRecord<undefined> = {
  name: "prelu",
  samples: (draw) =>
    PRELU_SHAPES.map(([x, w]) => sample(undefined, draw.signed(x, 0.05, 3), draw.uniform(w, -0.5, 0.5))),
  run: ([x, w]) => hard.prelu(x, w),
  reference: ([x, w]) =>
    build(x.shape, (i, flat) => {
      const v = x.data[flat];
      return v > 0 ? v : v * w.data[w.data.length === 1 ? 0 : i[1]];
    }),
  differentiable: true,
  errors: [
    {
      name: "weight",
      run: () => hard.prelu(z([2, 3]), z([2])),
      message: /^prelu: weight must have one value or one a channel, x \[2,3\], weight \[2\]$/,
      type: ShapeError,
    },
  ],
};

export const activationRecords = [...recordsOf(ROWS), preluRecord] as unknown as readonly OpRecord[];
