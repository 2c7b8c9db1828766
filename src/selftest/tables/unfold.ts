// Rows of windows as columns, and back.
import { DTypeError, ShapeError } from "../../gpu/errors.ts";
import { type FoldOptions, fold, type UnfoldOptions, unfold } from "../../kernels/unfold.ts";
import type { Shape } from "../../tensor/shape.ts";
import { build, nd } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { box, of, spans } from "../reference/windows.ts";
import { option } from "./resize_rows.ts";
import { z } from "./samples.ts";

/** Where in x each element of unfold's result comes from; -1 for padding. */
function columnSources([c, h, w]: readonly number[], o: UnfoldOptions): { shape: Shape; from: number[] } {
  const [kh, kw] = [of(o.kernelSize, 0), of(o.kernelSize, 1)];
  const count = (axis: number, size: number) => {
    const single = { ...o, kernelSize: of(o.kernelSize, axis), stride: of(o.stride ?? 1, axis) };
    return spans(
      size,
      { ...single, padding: of(o.padding ?? 0, axis), dilation: of(o.dilation ?? 1, axis) },
      0,
    ).length;
  };
  const [oh, ow] = [count(0, h), count(1, w)];
  const shape = [c * kh * kw, oh * ow];
  const from = box([c, kh, kw, oh, ow]).map(([ch, i, j, p, q]) => {
    const y = p * of(o.stride ?? 1, 0) + i * of(o.dilation ?? 1, 0) - of(o.padding ?? 0, 0);
    const x = q * of(o.stride ?? 1, 1) + j * of(o.dilation ?? 1, 1) - of(o.padding ?? 0, 1);
    return y >= 0 && y < h && x >= 0 && x < w ? (ch * h + y) * w + x : -1;
  });
  return { shape, from };
}

const columnCases: readonly (readonly [Shape, UnfoldOptions])[] = [
  [[2, 3, 4, 5], { kernelSize: 2 }],
  [[1, 2, 6, 5], { kernelSize: [3, 2], stride: 2, padding: 1 }],
  [[2, 6, 5], { kernelSize: 3, dilation: [2, 1], padding: [1, 0] }],
  [[0, 2, 3, 3], { kernelSize: 2 }],
];

const unfoldRow: OpRecord<UnfoldOptions> = {
  name: "unfold",
  samples: (draw) => columnCases.map(([shape, o]) => sample(o, draw.normal(shape))),
  run: ([x], o) => unfold(x, o),
  reference: ([x], o) => {
    const { shape, from } = columnSources(x.shape.slice(-3), o);
    const plane = x.shape.slice(-3).reduce((a, b) => a * b, 1);
    return build([...x.shape.slice(0, -3), ...shape], (_, flat) => {
      const source = from[flat % from.length];
      return source < 0 ? 0 : x.data[Math.floor(flat / from.length) * plane + source];
    });
  },
  differentiable: true,
  compare: "exact",
  errors: [
    option(
      "rank",
      () => unfold(z([3, 3]), { kernelSize: 2 }),
      /^unfold: x must have 4 dimensions \[n,c,h,w\] or 3 \[c,h,w\], x \[3,3\]$/,
      ShapeError,
    ),
    option(
      "kernel",
      () => unfold(z([1, 3, 3]), { kernelSize: 0 }),
      /^unfold: kernelSize must be an integer of/,
    ),
    option(
      "dtype",
      () => unfold(z([1, 3, 3], "i32"), { kernelSize: 2 }),
      /^unfold: takes f32 tensors, x is i32/,
      DTypeError,
    ),
  ],
};

const foldRow: OpRecord<FoldOptions> = {
  name: "fold",
  samples: (draw) =>
    columnCases.map(([x, o]) => {
      const { shape } = columnSources(x.slice(-3), o);
      return sample({ ...o, outputSize: x.slice(-2) }, draw.normal([...x.slice(0, -3), ...shape]));
    }),
  run: ([x], o) => fold(x, o),
  reference: ([x], o) => {
    const size = o.outputSize as readonly number[];
    const c = (x.shape.at(-2) as number) / (of(o.kernelSize, 0) * of(o.kernelSize, 1));
    const { from } = columnSources([c, ...size], o);
    const lead = x.shape.slice(0, -2);
    const plane = c * size[0] * size[1];
    const y = nd([...lead, c, ...size], new Array<number>(lead.reduce((a, b) => a * b, 1) * plane).fill(0));
    x.data.forEach((v, flat) => {
      const target = from[flat % from.length];
      if (target >= 0) y.data[Math.floor(flat / from.length) * plane + target] += v;
    });
    return y;
  },
  differentiable: true,
  compare: "sums",
  errors: [
    option(
      "columns",
      () => fold(z([1, 4, 5]), { kernelSize: 2, outputSize: [3, 3] }),
      /^fold: x must be \[n,c\*2\*2,2\*2\], x \[1,4,5\], outputSize \[3,3\]$/,
      ShapeError,
    ),
    option(
      "outputSize",
      () => fold(z([1, 4, 4]), { kernelSize: 2, outputSize: [3, 0] }),
      /^fold: outputSize must be an integer of at least 1, got 0$/,
    ),
    option(
      "dtype",
      () => fold(z([1, 4, 4], "i32"), { kernelSize: 2, outputSize: [3, 3] }),
      /^fold: takes f32 tensors/,
      DTypeError,
    ),
  ],
};

export const unfoldRecords = [unfoldRow, foldRow] as unknown as readonly OpRecord[];
