// Transposed convolutions ("deconvolutions"): y[n, o, i * stride + k * dilation - padding] sums x[n, c, i] * weight[c, o, k].
// That is the gradient of a convolution in its input, with the same weight: conv2dDataGradient (conv2d.ts). One and three
// axes as in conv_nd.ts, every step transposed and in the opposite order.

import { lowered } from "../tensor/autocast.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { applyAxisMap } from "./axis_map.ts";
import { add } from "./binary.ts";
import { single, tapMap } from "./conv_nd.ts";
import { checkConv } from "./conv_nd_check.ts";
import { type ConvAxis, type ConvTransposeOptions, transposedAxes } from "./conv_nd_geometry.ts";
import { conv2dDataGradient } from "./conv2d.ts";
import { pad } from "./pad.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

export type { ConvTransposeOptions } from "./conv_nd_geometry.ts";

/**
 * Transposed 1-D convolution (torch.nn.functional.conv_transpose1d).
 *
 * Shapes: x [n, c, l] or [c, l], weight [c, o / groups, k], bias [o] -> [n, o, ol] or [o, ol] with
 * ol = (l - 1) * stride - 2 * padding + dilation * (k - 1) + outputPadding + 1. n may be 0.
 *
 * @throws ShapeError if channels do not match, or nothing is left of the output
 * @throws OptionError for a stride, dilation or groups below 1, negative padding, an outputPadding as large as stride
 *   and dilation
 * @throws DTypeError unless all are f32
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  [x, weight] = [lowered(x), lowered(weight)];
  if (x.rank === 2) return single(x, (batch) => convTranspose1d(batch, weight, bias, options));
  const name = "convTranspose1d";
  const { groups = 1 } = options;
  checkConv(name, { x, weight, bias }, 1, groups, true);
  const [a] = transposedAxes(name, x.shape, weight.shape, options);
  const column: ConvAxis = { size: 1, out: 1, kernel: 1, stride: 1, dilation: 1, before: 0 };
  const planes = reshape(x, [...x.shape, 1]);
  const y = adjoint(planes, reshape(weight, [...weight.shape, 1]), [a, column], groups); // [n, o, ol, 1]
  return withBias(reshape(y, y.shape.slice(0, 3)), bias);
}

/**
 * Transposed 2-D convolution (torch.nn.functional.conv_transpose2d).
 *
 * Shapes: x [n, c, h, w] or [c, h, w], weight [c, o / groups, kh, kw], bias [o] -> [n, o, oh, ow] or [o, oh, ow]; sizes
 * and errors as convTranspose1d.
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  [x, weight] = [lowered(x), lowered(weight)];
  if (x.rank === 3) return single(x, (batch) => convTranspose2d(batch, weight, bias, options));
  const name = "convTranspose2d";
  const { groups = 1 } = options;
  checkConv(name, { x, weight, bias }, 2, groups, true);
  const [h, w] = transposedAxes(name, x.shape, weight.shape, options);
  return withBias(adjoint(x, weight, [h, w], groups), bias);
}

/**
 * Transposed 3-D convolution (torch.nn.functional.conv_transpose3d).
 *
 * Shapes: x [n, c, d, h, w] or [c, d, h, w], weight [c, o / groups, kd, kh, kw], bias [o] -> [n, o, od, oh, ow] or
 * [o, od, oh, ow]; sizes and errors as convTranspose1d.
 */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor {
  [x, weight] = [lowered(x), lowered(weight)];
  if (x.rank === 4) return single(x, (batch) => convTranspose3d(batch, weight, bias, options));
  const name = "convTranspose3d";
  const { groups = 1 } = options;
  checkConv(name, { x, weight, bias }, 3, groups, true);
  const [d, h, w] = transposedAxes(name, x.shape, weight.shape, options);
  const [n, c] = x.shape;
  const og = weight.shape[1];
  const o = og * groups;
  const planes = reshape(permute(x, [0, 2, 1, 3, 4]), [n * d.out, c, h.out, w.out]);
  const flat = reshape(weight, [c, og * d.kernel, h.kernel, w.kernel]);
  const u = adjoint(planes, flat, [h, w], groups); // [n * d, o * kd, oh, ow]
  const byTap = permute(reshape(u, [n, d.out, o, d.kernel, h.size, w.size]), [0, 2, 3, 1, 4, 5]);
  const rows = reshape(byTap, [n, o, d.kernel * d.out, h.size, w.size]);
  return withBias(applyAxisMap(name, rows, 2, tapMap(d).transposed), bias); // [n, o, od, oh, ow]
}

/** The adjoint of the convolution with these axes. */
function adjoint(x: Tensor, weight: Tensor, [h, w]: readonly ConvAxis[], groups: number): Tensor {
  // An outputPadding of a stride or more leaves room for further windows: windows of zeros.
  const [bottom, right] = [missing(h), missing(w)];
  const dy = bottom > 0 || right > 0 ? pad(x, [0, right, 0, bottom]) : x;
  return conv2dDataGradient(dy, weight, [x.shape[0], weight.shape[1] * groups, h.size, w.size], {
    stride: [h.stride, w.stride],
    padding: [h.before, w.before],
    dilation: [h.dilation, w.dilation],
    groups,
  });
}

function missing({ size, out, kernel, stride, dilation, before }: ConvAxis): number {
  return Math.floor((size + 2 * before - dilation * (kernel - 1) - 1) / stride) + 1 - out;
}

function withBias(y: Tensor, bias: Tensor | null): Tensor {
  return bias ? add(y, reshape(bias, [bias.size, ...y.shape.slice(2).map(() => 1)])) : y;
}
