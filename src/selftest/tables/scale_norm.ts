// Rows of the norms that only scale: RMS norm and local response norm.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { type LocalResponseNormOptions, localResponseNorm } from "../../kernels/local_response_norm.ts";
import { rmsNorm } from "../../kernels/rms_norm.ts";
import { numel, type Shape } from "../../tensor/shape.ts";
import { at, build, fold, total, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { errors } from "./norm_rows.ts";
import { z } from "./samples.ts";

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

export const scaleNormRecords = [rmsNormRecord, localResponseNormRecord] as unknown as readonly OpRecord[];
