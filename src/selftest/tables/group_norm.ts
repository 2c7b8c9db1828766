// Rows of group norm and instance norm.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { groupNorm, type InstanceNormOptions, instanceNorm } from "../../kernels/group_norm.ts";
import type { Shape } from "../../tensor/shape.ts";
import { fold, type Nd, nd, reshaped, total, zip } from "../nd.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { errors } from "./norm_rows.ts";
import { z } from "./samples.ts";

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

export const groupNormRecords = [groupNormRecord, instanceNormRecord] as unknown as readonly OpRecord[];
