// Dropout (Srivastava et al. 2014), inverted: y = x * mask / (1 - p) with P(mask = 0) = p, so that evaluation is the
// identity. The mask is drawn on the GPU from the default stream and kept for backward.

import { DTypeError, OptionError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { dropoutBackward as backwardShader, dropout as dropoutShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { identity } from "../tensor/primitives.ts";
import { drawParams } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const run = kernel(dropoutShader);
const runBackward = kernel(backwardShader);
const WG = 64;
/** Threads take four elements: a block of draws. */
const blocksOf = (x: Tensor) => Math.ceil(x.size / 4);

/**
 * Zeroes each element with probability p and scales the others by 1 / (1 - p) (torch.nn.functional.dropout). Element i is
 * kept where the i-th uniform number of the draw is at least p. Outside training, and for p = 0, x unchanged: nothing drawn.
 *
 * @param x f32
 * @param p in [0, 1]; 1 gives zeros
 * @throws OptionError for p outside [0, 1]; DTypeError unless x is f32
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  if (!(p >= 0 && p <= 1)) throw new OptionError(`dropout: p must lie in [0, 1], got ${p}`);
  if (!isFloat(x.dtype))
    throw new DTypeError(`dropout: needs f32 or f16, x ${x.dtype}${formatShape(x.shape)}`);
  if (!training || p === 0) return identity(x);
  const [y] = op("dropout", [x], () => {
    const y = empty(x.shape, x.dtype, x.device);
    const mask = empty(x.shape, "bool", x.device);
    const blocks = blocksOf(x);
    const params = { blocks, ...drawParams(x.size), p, scale: scaleOf(p) };
    run({ x, y, mask }, params, { grid: grid1d(Math.ceil(blocks / WG)), label: "dropout" });
    return { outputs: [y, mask], pullback: ([dy]) => [dy && dropoutBackward(dy, mask, p)] };
  });
  return y;
}

/** dx = dy * mask / (1 - p). Linear in dy, and its own transpose. */
export function dropoutBackward(dy: Tensor, mask: Tensor, p: number): Tensor {
  const [dx] = op("dropoutBackward", [dy, mask], () => {
    const dx = empty(dy.shape, dy.dtype, dy.device);
    const blocks = blocksOf(dy);
    const options = { grid: grid1d(Math.ceil(blocks / WG)), label: "dropoutBackward" };
    runBackward({ dy, mask, dx }, { blocks, scale: scaleOf(p) }, options);
    return { outputs: [dx], pullback: ([g]) => [g && dropoutBackward(g, mask, p), null] };
  });
  return dx;
}

function scaleOf(p: number): number {
  return p === 1 ? 0 : 1 / (1 - p);
}
