// Rows of order statistics and histograms.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { bincount, type HistcOptions, histc } from "../../kernels/histogram.ts";
import { median, medianWithIndices, quantile } from "../../kernels/quantile.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fold, nd } from "../nd.ts";
import { type ErrorCase, fixed, type OpRecord, sample } from "../record.ts";
import {
  type Axis,
  axisErrors,
  both,
  distinct,
  integers,
  onlyFloat,
  picked,
  ROWS,
  sortedOrder,
} from "./reduce_rows.ts";
import { z } from "./samples.ts";

const nothing = (name: string, f: (x: Tensor) => unknown): ErrorCase => ({
  name: "no values",
  run: () => f(z([2, 0])),
  message: new RegExp(`^${name}: no values to choose from, x \\[(2,)?0\\]$`),
  type: ShapeError,
});

const medianRecord: OpRecord<undefined> = {
  name: "median",
  samples: (draw) =>
    ([[], [1], [7], [4, 5], [131, 2]] as Shape[]).map((shape) => sample(undefined, distinct(draw, shape))),
  run: ([x]) => median(x),
  reference: ([x]) => nd([], [Float64Array.from(x.data).sort()[(x.data.length - 1) >> 1]]),
  differentiable: true,
  compare: "exact",
  errors: [nothing("median", median)],
};

const medianWithIndicesRecord: OpRecord<Axis> = {
  name: "medianWithIndices",
  samples: (draw) => [
    ...ROWS.filter(([shape]) => shape.length > 1 && !shape.includes(0)).map(([shape, axis]) =>
      sample({ axis }, distinct(draw, shape)),
    ),
    sample({ axis: 1 }, integers(draw, [3, 9])),
  ],
  run: ([x], { axis }) => both(medianWithIndices(x, axis, true)),
  reference: ([x], { axis }) => picked(x, axis, (row) => [sortedOrder(row, false)[(row.length - 1) >> 1]]),
  differentiable: true,
  compare: "exact",
  errors: [...axisErrors("median", medianWithIndices), nothing("median", (x) => medianWithIndices(x, 1))],
};

const atQuantile = (row: number[], q: number) => {
  const sorted = row.toSorted((a, b) => a - b);
  const low = Math.floor(q * (row.length - 1));
  const high = Math.min(low + 1, row.length - 1);
  return sorted[low] + (q * (row.length - 1) - low) * (sorted[high] - sorted[low]);
};

const quantileRecord: OpRecord<{ readonly q: number; readonly axis?: number; readonly keepdim?: boolean }> = {
  name: "quantile",
  samples: (draw) => [
    sample({ q: 0.3 }, distinct(draw, [])),
    sample({ q: 0.25 }, distinct(draw, [4, 5])),
    sample({ q: 0.9, axis: 0 }, distinct(draw, [7, 3])),
    sample({ q: 0, axis: -1, keepdim: true }, distinct(draw, [3, 5, 4])),
    sample({ q: 1, axis: 1 }, distinct(draw, [3, 50])),
    sample({ q: 0.123, axis: 1, keepdim: true }, distinct(draw, [3, 40, 2])),
  ],
  run: ([x], { q, ...o }) => quantile(x, q, o),
  reference: ([x], { q, axis, keepdim = false }) => fold(x, axis, keepdim, (row) => atQuantile(row, q)),
  differentiable: true,
  compare: "largest",
  errors: [
    onlyFloat("quantile", (x) => quantile(x, 0.5)),
    nothing("quantile", (x) => quantile(x, 0.5)),
    {
      name: "q",
      run: () => quantile(z([2]), [0.5, 1.5]),
      message: /^quantile: q must lie in \[0, 1\], got 1.5$/,
      type: OptionError,
    },
  ],
};

const bincountRecord: OpRecord<{ readonly length: number }> = {
  name: "bincount",
  samples: (draw) => [
    sample({ length: 5 }, draw.integers([67], -1, 6)),
    sample({ length: 5 }, draw.integers([0], 0, 5)),
    sample({ length: 5 }, draw.integers([67], -1, 6), draw.normal([67])),
    sample({ length: 300 }, draw.integers([1000], 0, 300), draw.normal([1000])),
  ],
  run: ([x, weights], { length }) => bincount(x, length, { weights }),
  reference: ([x, weights], { length }) => {
    const y = new Float64Array(length);
    x.data.forEach((k, i) => {
      if (k >= 0 && k < length) y[k] += weights ? weights.data[i] : 1;
    });
    return nd([length], y);
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "dtype",
      run: () => bincount(z([2]), 3),
      message: /^bincount: indices must be i32, got f32\[2\]$/,
      type: DTypeError,
    },
    {
      name: "length",
      run: () => bincount(z([2], "i32"), -1),
      message: /^bincount: length must be an integer >= 0, got -1$/,
      type: OptionError,
    },
    {
      name: "weights",
      run: () => bincount(z([2], "i32"), 3, { weights: z([3]) }),
      message: /^bincount: x must have rank 1 and weights its shape, x \[2\], weights \[3\]$/,
      type: ShapeError,
    },
  ],
};

const histcRecord: OpRecord<HistcOptions> = {
  name: "histc",
  samples: (draw) => [
    sample({ bins: 8 }, fixed(draw.uniform([131, 9]))),
    sample({ bins: 5, min: -0.5, max: 0.7 }, fixed(draw.uniform([300]))),
    sample({}, fixed(draw.normal([300]))),
    sample({ bins: 4 }, fixed(draw.uniform([0]))),
  ],
  run: ([x], o) => histc(x, o),
  reference: ([x], { bins = 100, min = 0, max = 0 }) => {
    const given = min < max;
    const low = given ? min : Math.min(...x.data);
    const high = given ? max : Math.max(...x.data);
    const y = new Float64Array(bins);
    for (const v of x.data)
      if (v >= low && v <= high) y[Math.min(Math.floor(((v - low) / (high - low)) * bins), bins - 1)]++;
    return nd([bins], y);
  },
  differentiable: false,
  errors: [
    onlyFloat("histc", histc),
    {
      name: "bins",
      run: () => histc(z([2]), { bins: 0 }),
      message: /^histc: bins must be a positive integer, got 0$/,
      type: OptionError,
    },
    {
      name: "range",
      run: () => histc(z([2]), { min: 2, max: 1 }),
      message: /^histc: min must not exceed max, got 2 and 1$/,
      type: OptionError,
    },
  ],
};

export const statisticsRecords = [
  medianRecord,
  medianWithIndicesRecord,
  quantileRecord,
  bincountRecord,
  histcRecord,
] as unknown as readonly OpRecord[];
