// Rows of the convolutions over one and three axes, and of the transposed ones. Two axes: conv.ts.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { conv1d, conv3d } from "../../kernels/conv_nd.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../../kernels/conv_transpose.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { convolved, convolvedBack, type Windows } from "../reference/windows.ts";
import { z } from "./samples.ts";

type Case = readonly [x: Shape, weight: Shape, options: Windows, bias?: true];
type Conv = (x: Tensor, weight: Tensor, bias: Tensor | null, options: object) => Tensor;

function row(
  op: Conv,
  reference: typeof convolved,
  cases: readonly Case[],
  errors: readonly ErrorCase[],
): OpRecord<Windows> {
  return {
    name: op.name,
    samples: (draw) =>
      cases.map(([x, weight, o, bias]) => {
        const outs = reference === convolved ? weight[0] : weight[1] * (o.groups ?? 1);
        return sample(o, draw.normal(x), draw.normal(weight), ...(bias ? [draw.normal([outs])] : []));
      }),
    run: ([x, weight, bias], o) => op(x, weight, bias ?? null, o),
    reference: ([x, weight, bias], o) => reference(x, weight, bias, o),
    differentiable: true,
    compare: "sums",
    errors: [...common(op, reference === convolvedBack), ...errors],
  };
}

const AXES: Readonly<Record<string, string>> = { "1": "l", "2": "h,w", "3": "d,h,w" };

function common(op: Conv, transposed: boolean): ErrorCase[] {
  const axes = Number(op.name.at(-2));
  const shape = (n: number, c: number, s: number): Shape => [n, c, ...new Array<number>(axes).fill(s)];
  const run = (x: Tensor, options: object = {}, bias: Tensor | null = null) =>
    op(x, z(shape(4, 4, 3)), bias, options);
  const option = (name: string, o: object, message: string): ErrorCase => ({
    name,
    run: () => run(z(shape(1, 4, 5)), o),
    message: new RegExp(`^${op.name}: ${message}`),
    type: OptionError,
  });
  const fits = (name: string, f: () => Tensor, message: string, type: ErrorCase["type"] = ShapeError) => ({
    name,
    run: f,
    message: new RegExp(`^${op.name}: ${message}`),
    type,
  });
  const rule = transposed ? "weight\\.shape\\[0\\]" : "weight\\.shape\\[1\\] \\* groups";
  return [
    fits("rank", () => run(z([2])), `x must have ${axes + 2} dimensions \\[n,c,${AXES[axes]}\\]`),
    fits("channels", () => run(z(shape(1, 3, 5))), `input channels must match ${rule}, x \\[1,3,5`),
    fits(
      "bias",
      () => run(z(shape(1, 4, 5)), {}, z([3])),
      "bias must have one value per output channel, bias \\[3\\]",
    ),
    fits("dtype", () => run(z(shape(1, 4, 5), "i32")), "takes f32 tensors, x is i32$", DTypeError),
    option("stride", { stride: 0 }, "stride must be an integer of at least 1, got 0$"),
    option("dilation", { dilation: new Array(axes).fill(-1) }, "dilation must be .* got -1$"),
    option("padding", { padding: -1 }, "padding must be an integer of at least 0, got -1$"),
    option("groups", { groups: 0.5 }, "groups must be an integer of at least 1, got 0.5$"),
  ];
}

const tooLarge = (op: Conv, x: Shape, weight: Shape): ErrorCase => ({
  name: "kernel too large",
  run: () => op(z(x), z(weight), null, {}),
  message: new RegExp(`^${op.name}: the dilated kernel is larger than the padded input, x \\[1,1,2`),
  type: ShapeError,
});

const extra = (op: Conv, x: Shape, weight: Shape): ErrorCase => ({
  name: "outputPadding",
  run: () => op(z(x), z(weight), null, { outputPadding: 1 }),
  message: new RegExp(`^${op.name}: outputPadding must be less than stride or dilation, got 1`),
  type: OptionError,
});

const conv1dRow = row(
  conv1d as Conv,
  convolved,
  [
    [[2, 3, 9], [4, 3, 3], {}, true],
    [[1, 4, 13], [6, 2, 4], { stride: 3, padding: 2, dilation: 2, groups: 2 }],
    [[1, 2, 8], [2, 1, 2], { padding: "same", groups: 2 }, true],
    [[0, 2, 5], [3, 2, 2], {}, true],
    [[1, 5, 1], [3, 5, 1], {}],
  ],
  [tooLarge(conv1d as Conv, [1, 1, 2], [1, 1, 3])],
);

const conv3dRow = row(
  conv3d as Conv,
  convolved,
  [
    [[1, 2, 3, 4, 4], [3, 2, 2, 3, 3], {}, true],
    [[2, 2, 4, 3, 5], [2, 1, 3, 2, 3], { stride: [2, 1, 2], padding: 1, groups: 2 }],
    [[1, 1, 5, 4, 3], [2, 1, 2, 2, 2], { dilation: [3, 2, 1] }, true],
    [[1, 1, 3, 3, 2], [2, 1, 2, 3, 1], { padding: "same" }],
    [[0, 2, 3, 3, 3], [2, 2, 2, 2, 2], {}],
  ],
  [tooLarge(conv3d as Conv, [1, 1, 2, 3, 3], [1, 1, 3, 3, 3])],
);

const transpose1dRow = row(
  convTranspose1d as Conv,
  convolvedBack,
  [
    [[2, 3, 5], [3, 4, 3], {}, true],
    [[1, 4, 4], [4, 1, 4], { stride: 3, padding: 2, outputPadding: 2, groups: 2 }, true],
    [[1, 2, 3], [2, 2, 2], { dilation: 4, outputPadding: 3 }],
    [[0, 2, 3], [2, 2, 2], {}],
  ],
  [extra(convTranspose1d as Conv, [1, 1, 2], [1, 1, 3])],
);

const transpose2dRow = row(
  convTranspose2d as Conv,
  convolvedBack,
  [
    [[2, 3, 3, 4], [3, 2, 3, 2], {}, true],
    [[1, 4, 3, 3], [4, 2, 4, 4], { stride: 2, padding: 1, groups: 2 }, true],
    [[1, 2, 2, 3], [2, 2, 3, 2], { stride: [1, 3], dilation: [2, 1], outputPadding: [1, 2] }],
    [[0, 2, 3, 3], [2, 2, 2, 2], {}, true],
  ],
  [extra(convTranspose2d as Conv, [1, 1, 2, 2], [1, 1, 3, 3])],
);

const transpose3dRow = row(
  convTranspose3d as Conv,
  convolvedBack,
  [
    [[1, 2, 2, 3, 2], [2, 2, 2, 2, 3], {}, true],
    [[1, 2, 2, 2, 2], [2, 1, 3, 3, 2], { stride: 2, padding: 1, outputPadding: [1, 0, 1], groups: 2 }, true],
    [[1, 1, 2, 2, 2], [1, 2, 2, 2, 2], { dilation: [3, 1, 2], outputPadding: [2, 0, 1] }],
  ],
  [extra(convTranspose3d as Conv, [1, 1, 2, 2, 2], [1, 1, 3, 3, 3])],
);

export const conv2Records = [
  conv1dRow,
  conv3dRow,
  transpose1dRow,
  transpose2dRow,
  transpose3dRow,
] as readonly OpRecord[];
