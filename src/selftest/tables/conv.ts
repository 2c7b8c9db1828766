// Rows of conv2d and its two gradients, which are ops of their own.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import {
  type Conv2dOptions,
  conv2d,
  conv2dDataGradient,
  conv2dWeightGradient,
} from "../../kernels/conv2d.ts";
import { convGeometry } from "../../kernels/conv2d_geometry.ts";
import type { Shape } from "../../tensor/shape.ts";
import { nd } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import {
  dataGradientReference,
  forwardReference,
  weightGradientReference,
} from "../reference/conv2d_reference.ts";
import { z } from "./samples.ts";

interface Options extends Conv2dOptions {
  readonly bias?: true;
  readonly x: Shape;
  readonly weight: Shape;
}

const CASES: readonly Options[] = [
  { x: [1, 1, 4, 4], weight: [1, 1, 3, 3] },
  { x: [2, 3, 5, 6], weight: [4, 3, 3, 2], bias: true, padding: 1 },
  { x: [1, 2, 7, 5], weight: [2, 2, 3, 3], stride: [2, 1], padding: [0, 2], bias: true },
  { x: [1, 2, 9, 8], weight: [3, 2, 2, 3], dilation: [3, 2] },
  { x: [2, 4, 5, 5], weight: [6, 2, 3, 3], groups: 2, padding: 1, stride: 2 },
  { x: [1, 3, 4, 4], weight: [3, 1, 3, 3], groups: 3, padding: "same", bias: true },
  { x: [3, 5, 1, 1], weight: [7, 5, 1, 1] },
  { x: [0, 2, 4, 4], weight: [3, 2, 3, 3], bias: true },
  { x: [1, 1, 3, 3], weight: [1, 1, 3, 3], padding: 2, stride: 3 },
  { x: [2, 8, 14, 14], weight: [16, 8, 5, 5], padding: 2, bias: true },
  { x: [1, 33, 7, 10], weight: [34, 33, 3, 3], padding: 1, bias: true }, // fills the tiles of implicit GEMM
  { x: [2, 5, 4], weight: [3, 2, 3, 3], bias: true, padding: 1 },
];
/** [c, h, w] is a batch of one. */
const geometry = (o: Options) => convGeometry("reference", o.x.length === 3 ? [1, ...o.x] : o.x, o.weight, o);
const outputShape = (o: Options): Shape => {
  const g = geometry(o);
  return o.x.length === 3 ? [g.o, g.oh, g.ow] : [g.n, g.o, g.oh, g.ow];
};

const conv2dRecord: OpRecord<Options> = {
  name: "conv2d",
  samples: (draw) =>
    CASES.map((o) => {
      const bias = o.bias ? [draw.normal([o.weight[0]])] : [];
      return sample(o, draw.normal(o.x), draw.normal(o.weight), ...bias);
    }),
  run: ([x, weight, bias], o) => conv2d(x, weight, bias ?? null, o),
  reference: ([x, weight, bias], o) =>
    nd(outputShape(o), forwardReference(x.data, weight.data, bias?.data ?? null, geometry(o))),
  differentiable: true,
  compare: "sums",
  errors: [
    {
      name: "channels",
      run: () => conv2d(z([8, 3, 32, 32]), z([16, 4, 3, 3])),
      message:
        /^conv2d: input channels must match weight.shape\[1\] \* groups, x \[8,3,32,32\], weight \[16,4,3,3\]$/,
      type: ShapeError,
    },
    {
      name: "rank",
      run: () => conv2d(z([5, 5]), z([1, 3, 3, 3])),
      message: /^conv2d: x must have 4 dimensions \[n,c,h,w\].*, x \[5,5\]/,
      type: ShapeError,
    },
    {
      name: "kernel too large",
      run: () => conv2d(z([1, 1, 2, 5]), z([1, 1, 3, 3])),
      message: /^conv2d: the dilated kernel \[3,3\] is larger than the padded input \[2,5\]/,
      type: ShapeError,
    },
    {
      name: "bias",
      run: () => conv2d(z([1, 1, 3, 3]), z([2, 1, 3, 3]), z([1])),
      message: /^conv2d: bias must have one value per output channel, bias \[1\], weight \[2,1,3,3\]$/,
      type: ShapeError,
    },
    {
      name: "stride",
      run: () => conv2d(z([1, 1, 3, 3]), z([1, 1, 3, 3]), null, { stride: 0 }),
      message: /^conv2d: stride must be an integer of at least 1, got 0$/,
      type: OptionError,
    },
    {
      name: "same with a stride",
      run: () => conv2d(z([1, 1, 3, 3]), z([1, 1, 3, 3]), null, { stride: 2, padding: "same" }),
      message: /^conv2d: padding "same" needs stride 1, got \[2,2\]$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => conv2d(z([1, 1, 3, 3], "i32"), z([1, 1, 3, 3])),
      message: /^conv2d: takes f32 tensors, x is i32$/,
      type: DTypeError,
    },
  ],
};

const shapeOfDy = (name: string, run: () => unknown) => ({
  name: "dy",
  run,
  message: new RegExp(`^${name}: dy must have the shape of the output \\[1,1,2,2\\], dy \\[1,1,3,3\\]$`),
  type: ShapeError,
});

const dataGradientRecord: OpRecord<Options> = {
  name: "conv2dDataGradient",
  samples: (draw) =>
    CASES.slice(1, 9).map((o) => sample(o, draw.normal(outputShape(o)), draw.normal(o.weight))),
  run: ([dy, weight], o) => conv2dDataGradient(dy, weight, o.x, o),
  reference: ([dy, weight], o) => nd(o.x, dataGradientReference(dy.data, weight.data, geometry(o))),
  differentiable: true,
  compare: "sums",
  errors: [
    shapeOfDy("conv2dDataGradient", () => conv2dDataGradient(z([1, 1, 3, 3]), z([1, 1, 3, 3]), [1, 1, 4, 4])),
  ],
};

const weightGradientRecord: OpRecord<Options> = {
  name: "conv2dWeightGradient",
  samples: (draw) => CASES.slice(1, 9).map((o) => sample(o, draw.normal(o.x), draw.normal(outputShape(o)))),
  run: ([x, dy], o) => conv2dWeightGradient(x, dy, o.weight, o),
  reference: ([x, dy], o) => nd(o.weight, weightGradientReference(x.data, dy.data, geometry(o))),
  differentiable: true,
  compare: "sums",
  errors: [
    shapeOfDy("conv2dWeightGradient", () =>
      conv2dWeightGradient(z([1, 1, 4, 4]), z([1, 1, 3, 3]), [1, 1, 3, 3]),
    ),
  ],
};

export const convRecords = [conv2dRecord, dataGradientRecord, weightGradientRecord] as readonly OpRecord[];
