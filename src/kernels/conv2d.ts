// 2-D convolution and its two gradients. The three are bilinear and each other's gradients, so a gradient of any order is
// again one of them:
//   y  = conv2d(x, weight)                 y[n,o,p] = bias[o] + sum over ic, k of x[n,ic, p*stride + k*dilation - pad] * weight[o,ic,k]
//   dx = conv2dDataGradient(dy, weight)    the adjoint in x
//   dw = conv2dWeightGradient(x, dy)       the adjoint in weight; conv2dParameterGradients gives that of the bias with it
// What the options mean: conv2d_geometry.ts. Which kernel runs: conv2d_variants.ts.

import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { type Conv2dOptions, type ConvGeometry, convGeometry } from "./conv2d_geometry.ts";
import { variantFor } from "./conv2d_variants.ts";
import { floatResult } from "./operand.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

export type { Conv2dOptions, Pair } from "./conv2d_geometry.ts";

/**
 * 2-D cross-correlation (torch.nn.functional.conv2d).
 *
 * Shapes: x [n, c, h, w] or [c, h, w], weight [o, c / groups, kh, kw], bias [o] -> [n, o, oh, ow] or [o, oh, ow] with
 * oh = floor((h + 2 * padding - dilation * (kh - 1) - 1) / stride) + 1, ow likewise. n may be 0.
 *
 * A weight of Inf or NaN times the zeros of the padding gives NaN, as 0 * Inf does; x is never multiplied by a mask.
 *
 * @throws ShapeError if channels do not match, or the kernel is larger than the padded input
 * @throws OptionError for a stride, dilation or groups below 1, negative padding, "same" with a stride
 * @throws DTypeError unless all are f32
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  checkFloat("conv2d", { x, weight, bias });
  [x, weight] = [lowered(x), lowered(weight)];
  if (x.rank === 3) {
    const y = conv2d(reshape(x, [1, ...x.shape]), weight, bias, options); // [1, o, oh, ow]
    return reshape(y, y.shape.slice(1));
  }
  const g = convGeometry("conv2d", x.shape, weight.shape, options);
  if (bias && !sameShape(bias.shape, [g.o])) {
    const shapes = `bias ${formatShape(bias.shape)}, weight ${formatShape(weight.shape)}`;
    throw new ShapeError(`conv2d: bias must have one value per output channel, ${shapes}`);
  }
  const [y] = op("conv2d", [x, weight, bias], () => {
    const y = empty([g.n, g.o, g.oh, g.ow], floatResult(x, weight), x.device);
    variantFor("forward", g, x.device).forward({ x, weight, bias, y }, g);
    return {
      outputs: [y],
      pullback: ([dy]) => {
        const dx = x.requiresGrad ? conv2dDataGradient(dy!, weight, x.shape, options) : null;
        if (weight.requiresGrad && bias?.requiresGrad) {
          return [dx, ...conv2dParameterGradients(x, dy!, weight.shape, options)];
        }
        return [
          dx,
          weight.requiresGrad ? conv2dWeightGradient(x, dy!, weight.shape, options) : null,
          bias?.requiresGrad ? sum(dy!, [0, 2, 3]) : null,
        ];
      },
    };
  });
  return y;
}

/**
 * Gradient of conv2d in its input (torch.nn.grad.conv2d_input), and thereby the transposed convolution.
 *
 * Shapes: dy [n, o, oh, ow], weight [o, c / groups, kh, kw] -> xShape [n, c, h, w]. Errors as conv2d.
 */
export function conv2dDataGradient(
  dy: Tensor,
  weight: Tensor,
  xShape: Shape,
  options: Conv2dOptions = {},
): Tensor {
  const name = "conv2dDataGradient";
  checkFloat(name, { dy, weight });
  const g = convGeometry(name, xShape, weight.shape, options);
  checkOutput(name, dy, g);
  const [dx] = op(name, [dy, weight], () => {
    const dx = empty(xShape, floatResult(dy, weight), dy.device);
    variantFor("dataGradient", g, dy.device).dataGradient({ dy, weight, dx }, g);
    return {
      outputs: [dx],
      pullback: ([ddx]) => [
        dy.requiresGrad ? conv2d(ddx!, weight, null, options) : null,
        weight.requiresGrad ? conv2dWeightGradient(ddx!, dy, weight.shape, options) : null,
      ],
    };
  });
  return dx;
}

/**
 * Gradient of conv2d in its weight (torch.nn.grad.conv2d_weight). Sums in a fixed order: two runs agree to the last bit.
 *
 * Shapes: x [n, c, h, w], dy [n, o, oh, ow] -> weightShape [o, c / groups, kh, kw]; zeros for n = 0. Errors as conv2d.
 */
export function conv2dWeightGradient(
  x: Tensor,
  dy: Tensor,
  weightShape: Shape,
  options: Conv2dOptions = {},
): Tensor {
  const name = "conv2dWeightGradient";
  checkFloat(name, { x, dy });
  const g = convGeometry(name, x.shape, weightShape, options);
  checkOutput(name, dy, g);
  const [dw] = op(name, [x, dy], () => {
    const dw = empty(weightShape, floatResult(x, dy), x.device);
    variantFor("weightGradient", g, x.device).weightGradient({ x, dy, dw }, g);
    return {
      outputs: [dw],
      pullback: ([ddw]) => [
        x.requiresGrad ? conv2dDataGradient(dy, ddw!, x.shape, options) : null,
        dy.requiresGrad ? conv2d(x, ddw!, null, options) : null,
      ],
    };
  });
  return dw;
}

/**
 * Gradients of conv2d in weight and bias, the second being the sums of dy over all but its channels: the kernels that read
 * all of dy for the first make both.
 *
 * Shapes: x [n, c, h, w], dy [n, o, oh, ow] -> [weightShape, [o]]. Errors as conv2d.
 */
export function conv2dParameterGradients(
  x: Tensor,
  dy: Tensor,
  weightShape: Shape,
  options: Conv2dOptions = {},
): readonly [Tensor, Tensor] {
  const name = "conv2dParameterGradients";
  checkFloat(name, { x, dy });
  const g = convGeometry(name, x.shape, weightShape, options);
  checkOutput(name, dy, g);
  const kernels = variantFor("weightGradient", g, x.device);
  if (!kernels.biasGradient) {
    return [conv2dWeightGradient(x, dy, weightShape, options), sum(dy, [0, 2, 3])];
  }
  const [dw, db] = op(name, [x, dy], () => {
    const dw = empty(weightShape, floatResult(x, dy), x.device);
    const db = empty([g.o], dy.dtype, x.device);
    kernels.weightGradient({ x, dy, dw, db }, g);
    return {
      outputs: [dw, db],
      pullback: ([ddw, ddb]) => [
        ddw && x.requiresGrad ? conv2dDataGradient(dy, ddw, x.shape, options) : null,
        dy.requiresGrad ? toOutput(x, ddw, ddb, dy.shape, options) : null,
      ],
    };
  });
  return [dw!, db!];
}

/** d dy of conv2dParameterGradients: the convolution with ddw and ddb for its parameters. */
function toOutput(
  x: Tensor,
  ddw: Tensor | null,
  ddb: Tensor | null,
  shape: Shape,
  options: Conv2dOptions,
): Tensor | null {
  if (ddw) return conv2d(x, ddw, ddb, options);
  return ddb && broadcastTo(reshape(ddb, [ddb.size, 1, 1]), shape);
}

function checkFloat(name: string, tensors: Readonly<Record<string, Tensor | null>>): void {
  for (const [key, t] of Object.entries(tensors)) {
    if (t && !isFloat(t.dtype)) throw new DTypeError(`${name}: takes f32 tensors, ${key} is ${t.dtype}`);
  }
}

function checkOutput(name: string, dy: Tensor, g: ConvGeometry): void {
  const shape = [g.n, g.o, g.oh, g.ow];
  if (sameShape(dy.shape, shape)) return;
  throw new ShapeError(
    `${name}: dy must have the shape of the output ${formatShape(shape)}, dy ${formatShape(dy.shape)}`,
  );
}
