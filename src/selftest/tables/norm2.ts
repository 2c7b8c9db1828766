// Rows of group, instance, RMS and local response norm, of weight and spectral norm.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { groupNorm, type InstanceNormOptions, instanceNorm } from "../../kernels/group_norm.ts";
import { type LocalResponseNormOptions, localResponseNorm } from "../../kernels/local_response_norm.ts";
import { rmsNorm } from "../../kernels/rms_norm.ts";
import { spectralNorm } from "../../kernels/spectral_norm.ts";
import { weightNorm } from "../../kernels/weight_norm.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import { at, build, fold, type Nd, nd, reshaped, total, zip } from "../nd.ts";
import { type ErrorCase, fixed, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

type Class = ErrorCase["type"];
const errors = (...list: (readonly [string, () => unknown, RegExp, Class])[]): ErrorCase[] =>
  list.map(([name, run, message, type]) => ({ name, run, message, type }));

/** Rows of the last axis by their mean and biased variance. */
function normalisedRows(x: Nd, eps: number): Nd {
  const mean = fold(x, -1, true, (row) => total(row) / row.length);
  const variance = fold(x, -1, true, (row) => {
    const m = total(row) / row.length;
    return total(row.map((v) => (v - m) ** 2)) / row.length;
  });
  return zip((v, m, s) => (v - m) / Math.sqrt(s + eps), x, mean, variance);
}

/** y * weight + bias, per channel of axis 1. */
function affine(y: Nd, weight?: Nd, bias?: Nd): Nd {
  const channels = (t: Nd) => reshaped(t, [t.data.length, ...y.shape.slice(2).map(() => 1)]);
  const scaled = weight ? zip((a, b) => a * b, y, channels(weight)) : y;
  return bias ? zip((a, b) => a + b, scaled, channels(bias)) : scaled;
}

const byGroups = (x: Nd, groups: number, eps: number): Nd => {
  const rows = x.shape[0] * groups;
  if (x.data.length === 0) return x;
  return reshaped(normalisedRows(reshaped(x, [rows, x.data.length / rows]), eps), x.shape);
};

const groupNormRecord: OpRecord<{ groups: number; eps: number }> = {
  name: "groupNorm",
  samples: (draw) =>
    (
      [
        [[2, 6], 2, 2],
        [[3, 4, 5], 4, 1],
        [[2, 6, 3, 2], 3, 2],
        [[1, 4, 7, 9], 1, 0],
        [[2, 4, 2, 3, 2], 2, 2],
        [[0, 4, 3], 2, 2],
        [[5, 8, 16], 2, 2],
      ] as [Shape, number, number][]
    ).map(([shape, groups, count], i) => {
      const c = [shape[1]];
      const both = [draw.uniform(c, 0.5, 2), draw.normal(c)].slice(0, count);
      return sample({ groups, eps: i % 2 ? 1e-2 : 1e-5 }, draw.normal(shape), ...both);
    }),
  run: ([x, weight, bias], { groups, eps }) => groupNorm(x, groups, weight ?? null, bias ?? null, eps),
  reference: ([x, weight, bias], { groups, eps }) => affine(byGroups(x, groups, eps), weight, bias),
  differentiable: true,
  compare: "largest",
  errors: errors(
    ["rank", () => groupNorm(z([4]), 2), /^groupNorm: x must be \[n,c,\.\.\.\], x \[4\]$/, ShapeError],
    ["groups", () => groupNorm(z([2, 4]), 3), /^groupNorm: groups must .* got 3, x \[2,4\]$/, OptionError],
    ["bias", () => groupNorm(z([2, 4]), 2, null, z([2])), /^groupNorm: bias must .* bias \[2\]/, ShapeError],
    [
      "eps",
      () => groupNorm(z([2, 4]), 2, null, null, -1),
      /^groupNorm: eps must not be negative/,
      OptionError,
    ],
    ["dtype", () => groupNorm(z([2, 4], "i32"), 2), /^groupNorm: takes f32 tensors, x is i32$/, DTypeError],
  ),
};

const instanceNormRecord: OpRecord<InstanceNormOptions> = {
  name: "instanceNorm",
  // Inputs: x, then running mean and variance for the evaluation, then weight and bias.
  samples: (draw) =>
    (
      [
        [[2, 3, 5], {}],
        [[3, 4, 3, 2], {}],
        [[2, 3, 2, 3, 2], { eps: 1e-2 }],
        [[2, 3, 5], { useInputStats: false }],
        [[1, 4, 13, 5], { useInputStats: false }],
      ] as [Shape, InstanceNormOptions][]
    ).map(([shape, o]) => {
      const c = [shape[1]];
      const running =
        o.useInputStats === false ? [fixed(draw.normal(c)), fixed(draw.uniform(c, 0.5, 2))] : [];
      return sample(o, draw.normal(shape), ...running, draw.uniform(c, 0.5, 2), draw.normal(c));
    }),
  run: ([x, ...rest], o) => {
    const [bias, weight, runningVar = null, runningMean = null] = [...rest].reverse();
    return instanceNorm(x, { weight, bias, runningMean, runningVar, ...o });
  },
  reference: ([x, ...rest], o) => {
    const [bias, weight, v, m] = [...rest].reverse();
    const { eps = 1e-5 } = o;
    if (o.useInputStats !== false) return affine(byGroups(x, x.shape[1], eps), weight, bias);
    const scale = nd(
      v.shape,
      v.data.map((s) => 1 / Math.sqrt(s + eps)),
    );
    const shift = zip((a, b) => -a * b, m, scale);
    return affine(affine(x, scale, shift), weight, bias);
  },
  differentiable: true,
  compare: "largest",
  errors: errors(
    [
      "rank",
      () => instanceNorm(z([2, 4])),
      /^instanceNorm: x must be \[n,c,\.\.\.\], x \[2,4\]$/,
      ShapeError,
    ],
    ["one value", () => instanceNorm(z([2, 4, 1])), /^instanceNorm: needs more than one value/, ShapeError],
    [
      "momentum",
      () => instanceNorm(z([2, 4, 3]), { momentum: 2 }),
      /^instanceNorm: momentum must/,
      OptionError,
    ],
    [
      "no averages",
      () => instanceNorm(z([2, 4, 3]), { useInputStats: false }),
      /useInputStats false/,
      OptionError,
    ],
    ["dtype", () => instanceNorm(z([2, 4, 3], "i32")), /^instanceNorm: takes f32 tensors/, DTypeError],
  ),
};

const rmsNormRecord: OpRecord<{ shape: Shape; eps?: number }> = {
  name: "rmsNorm",
  samples: (draw) =>
    (
      [
        [[3, 5], [5], true],
        [[2, 3, 4], [3, 4], true],
        [[7, 13], [13], false],
        [[0, 4], [4], true],
        [[2, 5, 64], [64], true],
        [[33, 300], [300], true],
        [[3, 1030], [1030], false],
      ] as [Shape, Shape, boolean][]
    ).map(([x, shape, scaled], i) => {
      const eps = i === 1 ? 0.1 : undefined;
      return sample({ shape, eps }, draw.normal(x), ...(scaled ? [draw.uniform(shape, 0.5, 2)] : []));
    }),
  run: ([x, weight], { shape, eps }) => rmsNorm(x, shape, weight ?? null, eps),
  reference: ([x, weight], { shape, eps = 2 ** -23 }) => {
    const axes = shape.map((_, i) => i - shape.length);
    const size = fold(x, axes, true, (row) => total(row.map((v) => v * v)) / numel(shape));
    const y = zip((v, s) => v / Math.sqrt(s + eps), x, size);
    return weight ? zip((a, b) => a * b, y, weight) : y;
  },
  differentiable: true,
  compare: "largest",
  errors: errors(
    [
      "shape",
      () => rmsNorm(z([2, 3]), 4),
      /^rmsNorm: x must end in normalizedShape.*\[4\], x \[2,3\]$/,
      ShapeError,
    ],
    ["weight", () => rmsNorm(z([2, 3]), 3, z([2])), /^rmsNorm: weight must have normalizedShape/, ShapeError],
    [
      "eps",
      () => rmsNorm(z([2, 3]), 3, null, -1),
      /^rmsNorm: eps must not be negative, got -1$/,
      OptionError,
    ],
    ["dtype", () => rmsNorm(z([2, 3], "i32"), 3), /^rmsNorm: takes f32 tensors, x is i32$/, DTypeError],
  ),
};

type Response = LocalResponseNormOptions & { readonly size: number };

const localResponseNormRecord: OpRecord<Response> = {
  name: "localResponseNorm",
  samples: (draw) => [
    sample({ size: 5, alpha: 0.3 }, draw.normal([2, 7, 3, 2])),
    sample({ size: 2, alpha: 0.5, beta: 0.5, k: 2 }, draw.normal([2, 5, 3])),
    sample({ size: 9, alpha: 1 }, draw.normal([1, 3, 4, 2, 2])),
    sample({ size: 3 }, draw.normal([0, 3, 4])),
  ],
  run: ([x], { size, ...options }) => localResponseNorm(x, size, options),
  reference: ([x], { size, alpha = 1e-4, beta = 0.75, k = 1 }) =>
    build(x.shape, (index, flat) => {
      const first = index[1] - Math.floor(size / 2);
      const window = Array.from({ length: size }, (_, i) => first + i).filter(
        (c) => c >= 0 && c < x.shape[1],
      );
      const squares = window.map((c) => at(x, [index[0], c, ...index.slice(2)]) ** 2);
      return x.data[flat] / (k + (alpha / size) * total(squares)) ** beta;
    }),
  differentiable: true,
  compare: "largest",
  errors: errors(
    [
      "rank",
      () => localResponseNorm(z([2, 3]), 3),
      /^localResponseNorm: x must be .* x \[2,3\]$/,
      ShapeError,
    ],
    [
      "size",
      () => localResponseNorm(z([2, 3, 4]), 0),
      /^localResponseNorm: size must .* got 0$/,
      OptionError,
    ],
    ["dtype", () => localResponseNorm(z([2, 3, 4], "i32"), 3), /^localResponseNorm: takes f32/, DTypeError],
  ),
};

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

export const norm2Records = [
  groupNormRecord,
  instanceNormRecord,
  rmsNormRecord,
  localResponseNormRecord,
  weightNormRecord,
  spectralNormRecord,
] as readonly OpRecord[];
