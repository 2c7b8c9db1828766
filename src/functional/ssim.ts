// Structural similarity of images (Wang et al. 2004): means, variances and the covariance under a Gaussian window, compared
// pixel by pixel. Differentiable: 1 - ssim is a loss.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { add, div, mul, sub } from "../kernels/binary.ts";
import { cat } from "../kernels/concat.ts";
import { conv2d } from "../kernels/conv2d.ts";
import { mean } from "../kernels/reduce.ts";
import { reshape } from "../kernels/reshape.ts";
import { split } from "../kernels/split.ts";
import { square } from "../kernels/unary.ts";
import { inF32 } from "../kernels/wide.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, sameShapes } from "./loss_reduction.ts";

export interface SsimOptions extends LossOptions {
  /** Width of the window in pixels, odd. Default 11. */
  readonly windowSize?: number;
  /** Standard deviation of the window in pixels. Default 1.5. */
  readonly sigma?: number;
  /** Difference of white and black. Default 1. */
  readonly dataRange?: number;
  /** The constants of equation 12, in units of dataRange. Default 0.01 and 0.03. */
  readonly k1?: number;
  readonly k2?: number;
}

/**
 * (2 mx my + c1)(2 sxy + c2) / ((mx^2 + my^2 + c1)(sx + sy + c2)) (Wang et al. 2004, equation 13), the mean over the pixels
 * where the window fits and over channels. 1 for equal images; as a loss take 1 - ssim. "none" gives one value a sample.
 *
 * @param x [n, c, h, w]
 * @param y of the same shape
 * @throws ShapeError for other shapes, or images smaller than the window; OptionError for an even window or a sigma or
 *   dataRange that is not positive
 */
export function ssim(x: Tensor, y: Tensor, options: SsimOptions = {}): Tensor {
  const { windowSize = 11, sigma = 1.5, dataRange = 1, k1 = 0.01, k2 = 0.03, reduction = "mean" } = options;
  sameShapes("ssim", x, y);
  if (!(windowSize % 2 === 1 && windowSize > 0) || !(sigma > 0) || !(dataRange > 0)) {
    throw new OptionError(
      `ssim: needs an odd windowSize, a positive sigma and dataRange, got ${windowSize}, ${sigma}, ${dataRange}`,
    );
  }
  if (x.rank !== 4 || Math.min(x.shape[2], x.shape[3]) < windowSize) {
    throw new ShapeError(
      `ssim: needs [n,c,h,w] of ${windowSize} pixels or more, got ${formatShape(x.shape)}`,
    );
  }
  return inF32([x, y], (x, y) => similarity(x, y, { windowSize, sigma, dataRange, k1, k2, reduction }));
}

function similarity(x: Tensor, y: Tensor, options: Required<SsimOptions>): Tensor {
  const { windowSize, sigma, dataRange, k1, k2, reduction } = options;
  const [n, c, h, w] = x.shape;
  const plane = (t: Tensor) => reshape(t, [n * c, 1, h, w]);
  const [p, q] = [plane(x), plane(y)];
  const five = cat([p, q, square(p), square(q), mul(p, q)]); // [5 n c, 1, h, w]
  const [mx, my, xx, yy, xy] = split(blurred(five, windowSize, sigma), n * c);
  const [c1, c2] = [(k1 * dataRange) ** 2, (k2 * dataRange) ** 2];
  const [mxx, myy, mxy] = [square(mx), square(my), mul(mx, my)];
  const luminance = div(add(mul(mxy, 2), c1), add(add(mxx, myy), c1));
  const structure = div(add(mul(sub(xy, mxy), 2), c2), add(add(sub(xx, mxx), sub(yy, myy)), c2));
  const map = reshape(mul(luminance, structure), [n, -1]);
  if (reduction === "mean") return mean(map);
  const each = mean(map, 1); // [n]
  return reduction === "sum" ? mul(mean(each), n) : each;
}

/** A window is the product of a column and a row. */
function blurred(x: Tensor, size: number, sigma: number): Tensor {
  const raw = Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const total = raw.reduce((a, b) => a + b, 0);
  const window = Float32Array.from(raw, (v) => v / total);
  const weight = (shape: number[]) => tensor(window, { shape, device: x.device });
  return conv2d(conv2d(x, weight([1, 1, size, 1])), weight([1, 1, 1, size]));
}
