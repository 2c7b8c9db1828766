// Rows of the poolings over one and three axes. Two axes: pool.ts.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../../kernels/adaptive_pool_nd.ts";
import { avgPool1d, avgPool3d, maxPool1d, maxPool3d } from "../../kernels/pool_nd.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Nd, total } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { adaptiveSpans, maxima, means, type PoolWindows, pooled, spans } from "../reference/windows.ts";
import { z } from "./samples.ts";

export interface Window extends PoolWindows {
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number;
}

export const axesOf = (x: Nd, o: PoolWindows, count: number) =>
  x.shape.slice(-count).map((size, i) => spans(size, o, i));

const LINES: readonly (readonly [Shape, Window])[] = [
  [[2, 3, 8], { kernelSize: 2 }],
  [[3, 11], { kernelSize: 3, stride: 2, padding: 1 }],
  [[1, 2, 8], { kernelSize: 4, stride: 3, padding: 2, ceilMode: true, countIncludePad: false }],
  [[0, 2, 6], { kernelSize: 2 }],
];

const BOXES: readonly (readonly [Shape, Window])[] = [
  [[1, 2, 4, 2, 6], { kernelSize: 2 }],
  [[2, 4, 5, 3], { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }],
  [[1, 1, 5, 3, 4], { kernelSize: [2, 3, 1], stride: [2, 1, 2], ceilMode: true }],
  [[0, 2, 4, 4, 4], { kernelSize: 2 }],
];

type Op = (x: Tensor, options: Window) => unknown;

function errors(name: string, op: Op, count: number): ErrorCase[] {
  const x = () => z([1, 2, ...new Array<number>(count).fill(5)]);
  const option = (key: string, o: Window, message: string): ErrorCase => ({
    name: key,
    run: () => op(x(), o),
    message: new RegExp(`^${name}: ${message}`),
    type: OptionError,
  });
  return [
    option("kernel", { kernelSize: 0 }, "kernelSize must be an integer of at least 1, got 0$"),
    option("stride", { kernelSize: 2, stride: [0, 1, 1, 1] }, "stride must be an integer"),
    option("padding", { kernelSize: 2, padding: 2 }, "padding must be at most half of the kernel"),
    {
      name: "rank",
      run: () => op(z([5]), { kernelSize: 2 }),
      message: new RegExp(`^${name}: x must have ${count + 2} dimensions .* x \\[5\\]$`),
      type: ShapeError,
    },
    {
      name: "too small",
      run: () => op(x(), { kernelSize: 6 }),
      message: new RegExp(`^${name}: the output size .* is too small`),
      type: ShapeError,
    },
    {
      name: "dtype",
      run: () => op(z([1, 2, ...new Array<number>(count).fill(5)], "i32"), { kernelSize: 2 }),
      message: new RegExp(`^${name}: takes f32 tensors`),
      type: DTypeError,
    },
  ];
}

function maxRow(name: string, op: typeof maxPool3d, count: number): OpRecord<Window> {
  const dilated: Window = { kernelSize: 2, stride: 1, padding: 1, dilation: 2 };
  const cases = count === 1 ? LINES : BOXES;
  return {
    name,
    samples: (draw) => [
      ...cases.map(([shape, o]) => sample(o, draw.distinct(shape))),
      sample(dilated, draw.distinct([1, 2, ...new Array<number>(count).fill(4)])),
    ],
    run: ([x], o) => op(x, { ...o, returnIndices: true }),
    reference: ([x], o) => maxima(x, axesOf(x, o, count)),
    differentiable: true,
    compare: "exact",
    errors: errors(name, op as Op, count),
  };
}

function avgRow(name: string, op: typeof avgPool3d, count: number): OpRecord<Window> {
  const cases = count === 1 ? LINES : [...BOXES, BOXES3_DIVISOR];
  return {
    name,
    samples: (draw) => cases.map(([shape, o]) => sample(o, draw.normal(shape))),
    run: ([x], o) => op(x, o),
    reference: ([x], o) =>
      pooled(x, axesOf(x, o, count), (values, _, padded) => {
        const n = o.divisorOverride ?? ((o.countIncludePad ?? true) ? padded : values.length);
        return total(values) / n;
      }),
    differentiable: true,
    compare: "sums",
    errors: errors(name, op as Op, count),
  };
}

const BOXES3_DIVISOR: readonly [Shape, Window] = [[1, 3, 3, 4], { kernelSize: 2, divisorOverride: 5 }];

interface Target {
  readonly size: number | readonly [number | null, number | null, number | null];
}

const ADAPTIVE: Readonly<Record<number, readonly (readonly [Shape, Target["size"]])[]>> = {
  1: [
    [[2, 3, 7], 3],
    [[2, 3], 5],
    [[1, 1, 4], 1],
    [[0, 2, 4], 2],
  ],
  3: [
    [
      [1, 2, 5, 4, 3],
      [2, 3, 5],
    ],
    [[2, 3, 4, 2], 2],
    [
      [1, 1, 3, 4, 5],
      [null, 2, null],
    ],
    [[0, 2, 4, 4, 4], 1],
  ],
};

function adaptiveRow(name: string, op: unknown, count: number, most: boolean): OpRecord<Target> {
  const run = op as (x: Tensor, size: unknown, o?: object) => Tensor;
  const axes = (x: Nd, { size }: Target) =>
    x.shape.slice(-count).map((s, i) => adaptiveSpans(s, typeof size === "number" ? size : (size[i] ?? s)));
  return {
    name,
    samples: (draw) =>
      ADAPTIVE[count].map(([shape, size]) =>
        sample({ size }, most ? draw.distinct(shape) : draw.normal(shape)),
      ),
    run: ([x], { size }) => (most ? run(x, size, { returnIndices: true }) : run(x, size)),
    reference: ([x], o) => (most ? maxima(x, axes(x, o)) : means(x, axes(x, o))),
    differentiable: true,
    compare: most ? "exact" : "sums",
    errors: [
      {
        name: "output size",
        run: () => run(z([1, 1, ...new Array<number>(count).fill(3)]), -1),
        message: new RegExp(`^${name}: outputSize must be .* got `),
        type: OptionError,
      },
      {
        name: "empty",
        run: () => run(z([1, 1, ...new Array<number>(count).fill(0)]), 1),
        message: new RegExp(`^${name}: only the batch may be empty`),
        type: ShapeError,
      },
    ],
  };
}

export const poolNdRecords = [
  maxRow("maxPool1d", maxPool1d, 1),
  maxRow("maxPool3d", maxPool3d, 3),
  avgRow("avgPool1d", avgPool1d, 1),
  avgRow("avgPool3d", avgPool3d, 3),
  adaptiveRow("adaptiveAvgPool1d", adaptiveAvgPool1d, 1, false),
  adaptiveRow("adaptiveAvgPool3d", adaptiveAvgPool3d, 3, false),
  adaptiveRow("adaptiveMaxPool1d", adaptiveMaxPool1d, 1, true),
  adaptiveRow("adaptiveMaxPool3d", adaptiveMaxPool3d, 3, true),
] as unknown as readonly OpRecord[];
