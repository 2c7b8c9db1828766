// A row of a convolution over any axes, and the errors all of them refuse.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { convolved, convolvedBack, type Windows } from "../reference/windows.ts";
import { z } from "./samples.ts";

type Case = readonly [x: Shape, weight: Shape, options: Windows, bias?: true];

export type Conv = (x: Tensor, weight: Tensor, bias: Tensor | null, options: object) => Tensor;

export function row(
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

export const tooLarge = (op: Conv, x: Shape, weight: Shape): ErrorCase => ({
  name: "kernel too large",
  run: () => op(z(x), z(weight), null, {}),
  message: new RegExp(`^${op.name}: the dilated kernel is larger than the padded input, x \\[1,1,2`),
  type: ShapeError,
});
