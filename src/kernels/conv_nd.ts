// Convolutions over one and three axes, by way of conv2d and its kernels.
//   conv1d  x as planes [l, 1]: one column, so that the tiles of rows fit
//   conv3d  the taps along d become channels: u[n * od, c * kd, h, w] = x[n, c, p * stride + k * dilation - pad, h, w], then
//           one conv2d with weight [o, c / groups * kd, kh, kw]. Memory: kd / stride times x.
// Every part is an op, so gradients of any order follow. Transposed: conv_transpose.ts.

import { lowered } from "../tensor/autocast.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type AxisMap, applyAxisMap, copies } from "./axis_map.ts";
import { checkConv } from "./conv_nd_check.ts";
import { type ConvAxis, type ConvOptions, convAxes } from "./conv_nd_geometry.ts";
import { conv2d } from "./conv2d.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

export type { ConvOptions, Sizes } from "./conv_nd_geometry.ts";

/**
 * 1-D cross-correlation (torch.nn.functional.conv1d).
 *
 * Shapes: x [n, c, l] or [c, l], weight [o, c / groups, k], bias [o] -> [n, o, ol] or [o, ol] with
 * ol = floor((l + 2 * padding - dilation * (k - 1) - 1) / stride) + 1. n may be 0. Options and errors as conv2d.
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  [x, weight] = [lowered(x), lowered(weight)]; // before the reshape, which is no parameter
  if (x.rank === 2) return single(x, (batch) => conv1d(batch, weight, bias, options));
  checkConv("conv1d", { x, weight, bias }, 1, options.groups ?? 1);
  const [a] = convAxes("conv1d", x.shape, weight.shape, options);
  const same = options.padding === "same";
  const y = conv2d(reshape(x, [...x.shape, 1]), reshape(weight, [...weight.shape, 1]), bias, {
    stride: [a.stride, 1],
    padding: same ? "same" : [a.before, 0],
    dilation: [a.dilation, 1],
    groups: options.groups,
  }); // [n, o, ol, 1]
  return reshape(y, y.shape.slice(0, 3));
}

/**
 * 3-D cross-correlation (torch.nn.functional.conv3d).
 *
 * Shapes: x [n, c, d, h, w] or [c, d, h, w], weight [o, c / groups, kd, kh, kw], bias [o] -> [n, o, od, oh, ow] or
 * [o, od, oh, ow], sizes as conv1d. n may be 0. Options and errors as conv2d.
 */
export function conv3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
): Tensor {
  [x, weight] = [lowered(x), lowered(weight)]; // before the reshape, which is no parameter
  if (x.rank === 4) return single(x, (batch) => conv3d(batch, weight, bias, options));
  checkConv("conv3d", { x, weight, bias }, 3, options.groups ?? 1);
  const [d, h, w] = convAxes("conv3d", x.shape, weight.shape, options);
  const [n, c] = x.shape;
  const [o, cg] = weight.shape;
  const u = applyAxisMap("conv3d", x, 2, tapMap(d)); // [n, c, kd * od, h, w]
  const byTap = permute(reshape(u, [n, c, d.kernel, d.out, h.size, w.size]), [0, 3, 1, 2, 4, 5]);
  const planes = reshape(byTap, [n * d.out, c * d.kernel, h.size, w.size]);
  const y = conv2d(planes, reshape(weight, [o, cg * d.kernel, h.kernel, w.kernel]), bias, {
    stride: [h.stride, w.stride],
    padding: options.padding === "same" ? "same" : [h.before, w.before],
    dilation: [h.dilation, w.dilation],
    groups: options.groups,
  }); // [n * od, o, oh, ow]
  return permute(reshape(y, [n, d.out, o, h.out, w.out]), [0, 2, 1, 3, 4]);
}

/** Row k * out + p copies element p * stride + k * dilation - before: the windows of an axis, tap by tap. */
export function tapMap({ size, out, kernel, stride, dilation, before }: ConvAxis): AxisMap {
  const rows = Array.from({ length: kernel * out }, (_, row) => {
    const at = (row % out) * stride + Math.floor(row / out) * dilation - before;
    return at < size ? at : -1;
  });
  return copies(size, rows);
}

/** A sample without the batch axis. */
export function single(x: Tensor, run: (batch: Tensor) => Tensor): Tensor {
  const y = run(reshape(x, [1, ...x.shape]));
  return reshape(y, y.shape.slice(1));
}
