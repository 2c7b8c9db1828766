// Rows of weight norm and spectral norm.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { spectralNorm } from "../../kernels/spectral_norm.ts";
import { weightNorm } from "../../kernels/weight_norm.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import { build, nd } from "../nd.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { errors } from "./norm_rows.ts";
import { z } from "./samples.ts";

const weightNormRecord: OpRecord<{ axis: number | null }> = {
  name: "weightNorm",
  samples: (draw) =>
    (
      [
        [[3, 5], 0],
        [[3, 5], 1],
        [[4, 3, 2, 2], 0],
        [[4, 3, 2, 2], -3],
        [[4, 3, 2], null],
        [[7], 0],
        [[5, 64], 0],
      ] as [Shape, number | null][]
    ).map(([shape, axis]) => {
      const kept = axis === null ? -1 : (axis + shape.length) % shape.length;
      const g = axis === null ? [] : shape.map((s, i) => (i === kept ? s : 1));
      return sample({ axis }, draw.signed(shape, 0.3, 1.5), draw.normal(g));
    }),
  run: ([v, g], { axis }) => weightNorm(v, g, axis),
  reference: ([v, g], { axis }) => {
    const kept = axis === null ? -1 : (axis + v.shape.length) % v.shape.length;
    const length = new Float64Array(kept < 0 ? 1 : v.shape[kept]);
    build(v.shape, (index, flat) => (length[index[kept] ?? 0] += v.data[flat] ** 2));
    return build(v.shape, (index, flat) => {
      const i = index[kept] ?? 0;
      return (v.data[flat] * g.data[i]) / Math.sqrt(length[i]);
    });
  },
  differentiable: true,
  compare: "largest",
  errors: errors(
    [
      "g",
      () => weightNorm(z([2, 3]), z([2])),
      /^weightNorm: g must be \[2,1\], g \[2\], v \[2,3\]$/,
      ShapeError,
    ],
    [
      "axis",
      () => weightNorm(z([2, 3]), z([2, 1]), 2),
      /^weightNorm: axis must .* got 2, v \[2,3\]$/,
      OptionError,
    ],
    [
      "dtype",
      () => weightNorm(z([2, 3], "i32"), z([2, 1])),
      /^weightNorm: takes f32 tensors, v is i32$/,
      DTypeError,
    ],
  ),
};

const spectralNormRecord: OpRecord<{ axis: number }> = {
  name: "spectralNorm",
  // Without power iteration: u and v are constants for the gradient, which differences would not know.
  samples: (draw) =>
    (
      [
        [[3, 5], 0],
        [[4, 3, 2, 2], 0],
        [[4, 3, 2, 2], 1],
      ] as [Shape, number][]
    ).map(([shape, axis]) => {
      const rows = shape[axis];
      const u = fixed(draw.uniform([rows], 0.3, 1));
      const v = fixed(draw.uniform([numel(shape) / rows], 0.3, 1));
      return sample({ axis }, draw.uniform(shape, 0.5, 1.5), u, v);
    }),
  run: ([weight, u, v], { axis }) => spectralNorm(weight, u, v, { axis, iterations: 0 }),
  reference: ([weight, u, v], { axis }) => {
    let sigma = 0;
    const seen = new Int32Array(u.data.length);
    build(weight.shape, (index, flat) => {
      // The columns count the other axes in order: the flat order within each row.
      const row = index[axis];
      sigma += u.data[row] * weight.data[flat] * v.data[seen[row]++];
      return 0;
    });
    return nd(
      weight.shape,
      weight.data.map((w) => w / sigma),
    );
  },
  differentiable: true,
  compare: "largest",
  errors: errors(
    ["rank", () => spectralNorm(z([3]), z([3]), z([1])), /^spectralNorm: weight needs two axes/, ShapeError],
    ["u", () => spectralNorm(z([2, 3]), z([3]), z([3])), /^spectralNorm: u and v must fit/, ShapeError],
    [
      "axis",
      () => spectralNorm(z([2, 3]), z([2]), z([3]), { axis: 2 }),
      /^spectralNorm: axis must/,
      OptionError,
    ],
    [
      "iterations",
      () => spectralNorm(z([2, 3]), z([2]), z([3]), { iterations: 0.5 }),
      /^spectralNorm: iterations must be a non-negative integer, got 0.5$/,
      OptionError,
    ],
    [
      "dtype",
      () => spectralNorm(z([2, 3], "i32"), z([2]), z([3])),
      /^spectralNorm: takes f32 tensors/,
      DTypeError,
    ],
  ),
};

export const parameterNormRecords = [weightNormRecord, spectralNormRecord] as unknown as readonly OpRecord[];
