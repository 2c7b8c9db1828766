// Rows of the poolings over one and three axes, of power-average pooling and of unpooling. Two axes: pool.ts.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../../kernels/adaptive_pool_nd.ts";
import { type LpPoolOptions, lpPool1d, lpPool2d } from "../../kernels/lp_pool.ts";
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../../kernels/max_unpool.ts";
import { avgPool1d, avgPool3d, maxPool1d, maxPool3d } from "../../kernels/pool_nd.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { build, type Nd, total } from "../nd.ts";
import { type ErrorCase, integers, type OpRecord, sample } from "../record.ts";
import { adaptiveSpans, maxima, means, type PoolWindows, pooled, spans } from "../reference/windows.ts";
import { z } from "./samples.ts";

interface Window extends PoolWindows {
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number;
}

const axesOf = (x: Nd, o: PoolWindows, count: number) =>
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

function lpRow(
  name: string,
  op: (x: Tensor, o: LpPoolOptions) => Tensor,
  count: number,
): OpRecord<LpPoolOptions> {
  const shape = (s: number): Shape => [2, 2, ...new Array<number>(count).fill(s)];
  const cases: readonly LpPoolOptions[] = [
    { normType: 2, kernelSize: 2 },
    { normType: 3, kernelSize: 3, stride: 1 },
    { normType: 1.5, kernelSize: 2, stride: 3 },
  ];
  return {
    name,
    samples: (draw) => cases.map((o) => sample(o, draw.uniform(shape(5), 0.25, 2))),
    run: ([x], o) => op(x, o),
    reference: ([x], o) => {
      const p = o.normType;
      return pooled(x, axesOf(x, o, count), (values) => total(values.map((v) => v ** p)) ** (1 / p));
    },
    differentiable: true,
    errors: [
      {
        name: "normType",
        run: () => op(z(shape(4)), { normType: 0, kernelSize: 2 }),
        message: new RegExp(`^${name}: normType must be a finite number other than 0, got 0$`),
        type: OptionError,
      },
      {
        name: "kernel",
        run: () => op(z(shape(4)), { normType: 2, kernelSize: 0 }),
        message: new RegExp(`^${name}: kernelSize must be an integer of at least 1, got 0$`),
        type: OptionError,
      },
    ],
  };
}

function unpoolRow(name: string, op: typeof maxUnpool2d, count: number): OpRecord<Window> {
  const o: Window = { kernelSize: 2 };
  return {
    name,
    samples: (draw) =>
      [3, 2].map((s) => {
        const shape = [2, 2, ...new Array<number>(count).fill(s)];
        const [plane, outPlane] = [s ** count, (2 * s) ** count];
        // Each index once: where several meet, PyTorch's gradient and ours is not the function's.
        const order = draw.distinct([outPlane], 1).data.map((v) => v + outPlane / 2);
        const at = Array.from({ length: numel(shape) }, (_, i) => order[i % plane]);
        return sample(o, draw.normal(shape), integers(shape, at));
      }),
    run: ([x, indices]) => op(x, indices, o),
    reference: ([x, indices]) => {
      const plane = numel(x.shape.slice(2));
      const shape = [...x.shape.slice(0, 2), ...x.shape.slice(2).map((s) => 2 * s)];
      const outPlane = numel(shape.slice(2));
      return build(shape, (_, flat) => {
        const p = Math.floor(flat / outPlane) * plane;
        const i = indices.data.subarray(p, p + plane).indexOf(flat % outPlane);
        return i < 0 ? 0 : x.data[p + i];
      });
    },
    differentiable: true,
    compare: "exact",
    errors: [
      {
        name: "indices",
        run: () => op(z([1, 1, ...new Array<number>(count).fill(2)]), z([1], "i32"), o),
        message: new RegExp(`^${name}: indices must have the shape of x, x \\[1,1,2`),
        type: ShapeError,
      },
      {
        name: "dtype",
        run: () => op(z([1, 1, ...new Array<number>(count).fill(2)]), z([1]), o),
        message: new RegExp(`^${name}: takes x f32 and indices i32, got f32 and f32$`),
        type: DTypeError,
      },
    ],
  };
}

export const pool2Records = [
  maxRow("maxPool1d", maxPool1d, 1),
  maxRow("maxPool3d", maxPool3d, 3),
  avgRow("avgPool1d", avgPool1d, 1),
  avgRow("avgPool3d", avgPool3d, 3),
  adaptiveRow("adaptiveAvgPool1d", adaptiveAvgPool1d, 1, false),
  adaptiveRow("adaptiveAvgPool3d", adaptiveAvgPool3d, 3, false),
  adaptiveRow("adaptiveMaxPool1d", adaptiveMaxPool1d, 1, true),
  adaptiveRow("adaptiveMaxPool3d", adaptiveMaxPool3d, 3, true),
  lpRow("lpPool1d", lpPool1d, 1),
  lpRow("lpPool2d", lpPool2d, 2),
  unpoolRow("maxUnpool1d", maxUnpool1d, 1),
  unpoolRow("maxUnpool2d", maxUnpool2d, 2),
  unpoolRow("maxUnpool3d", maxUnpool3d, 3),
] as readonly OpRecord[];
