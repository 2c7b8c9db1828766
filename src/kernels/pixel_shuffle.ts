// Channels to pixels and back, and channels among groups: reshapes around one permute, so the gradients are theirs.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

/**
 * y[.., c, h * r + i, w * r + j] = x[.., c * r^2 + i * r + j, h, w] (torch.nn.functional.pixel_shuffle; Shi et al. 2016).
 *
 * Shapes: x [..., c * r * r, h, w] -> [..., c, h * r, w * r].
 *
 * @throws OptionError unless r is a positive integer; ShapeError for fewer than 3 axes or channels that r^2 does not divide
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = upscaleFactor;
  const [lead, c, h, w] = planes("pixelShuffle", "upscaleFactor", x, r);
  if (c % (r * r) !== 0) {
    throw new ShapeError(
      `pixelShuffle: channels must divide by ${r}^2, x ${formatShape(x.shape)}, upscaleFactor ${r}`,
    );
  }
  const n = lead.reduce((a, b) => a * b, 1);
  const parts = reshape(x, [n, c / (r * r), r, r, h, w]);
  const mixed = permute(parts, [0, 1, 4, 2, 5, 3]); // [n, c, h, r, w, r]
  return reshape(mixed, [...lead, c / (r * r), h * r, w * r]);
}

/**
 * The inverse of pixelShuffle (torch.nn.functional.pixel_unshuffle).
 *
 * Shapes: x [..., c, h * r, w * r] -> [..., c * r * r, h, w]. Errors as pixelShuffle.
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = downscaleFactor;
  const [lead, c, h, w] = planes("pixelUnshuffle", "downscaleFactor", x, r);
  if (h % r !== 0 || w % r !== 0) {
    throw new ShapeError(
      `pixelUnshuffle: height and width must divide by ${r}, x ${formatShape(x.shape)}, downscaleFactor ${r}`,
    );
  }
  const n = lead.reduce((a, b) => a * b, 1);
  const parts = reshape(x, [n, c, h / r, r, w / r, r]);
  const mixed = permute(parts, [0, 1, 3, 5, 2, 4]); // [n, c, r, r, h, w]
  return reshape(mixed, [...lead, c * r * r, h / r, w / r]);
}

/**
 * Channel g * (c / groups) + k moves to k * groups + g (torch.nn.functional.channel_shuffle; Zhang et al. 2018).
 *
 * Shapes: x [n, c, ...] -> the same.
 *
 * @throws OptionError unless groups is a positive integer; ShapeError for fewer than 3 axes or channels it does not divide
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  checkFactor("channelShuffle", "groups", groups);
  const shapes = `x ${formatShape(x.shape)}, groups ${groups}`;
  if (x.rank < 3) throw new ShapeError(`channelShuffle: x must have 3 dimensions or more, ${shapes}`);
  const [n, c, ...rest] = x.shape as [number, number, ...number[]];
  if (c % groups !== 0) throw new ShapeError(`channelShuffle: channels must divide by groups, ${shapes}`);
  const size = rest.reduce((a, b) => a * b, 1);
  const mixed = permute(reshape(x, [n, groups, c / groups, size]), [0, 2, 1, 3]); // [n, c / groups, groups, size]
  return reshape(mixed, x.shape);
}

function planes(name: string, option: string, x: Tensor, r: number): [number[], number, number, number] {
  checkFactor(name, option, r);
  if (x.rank < 3) {
    throw new ShapeError(`${name}: x must have 3 dimensions [c,h,w] or more, x ${formatShape(x.shape)}`);
  }
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  return [x.shape.slice(0, -3), c, h, w];
}

function checkFactor(name: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new OptionError(`${name}: ${option} must be a positive integer, got ${value}`);
  }
}
