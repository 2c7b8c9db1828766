// Repeats a tensor along axes: broadcastTo, and spread, the gradient of a sum. Sums: reduce.ts.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { broadcast as broadcastShader } from "../gpu/shaders.gen.ts";
import { isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { numel, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { repeated, sumOver } from "./reduce.ts";
import { type AxisMask, lastRun, layoutOf } from "./reduce_layout.ts";

const run = kernel(broadcastShader);
const WG = 64;

const SCALED = "fn scaled(v: vec4<T>) -> vec4<T> { return v * params.scale; }";

/**
 * `x` repeated to `shape` (torch.broadcast_to), as a copy.
 *
 * @throws ShapeError if the shape of `x` does not broadcast to `shape`
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return spread(x, repeated("broadcastTo", x.shape, shape), shape, 1, "broadcastTo");
}

/** y = scale * x, repeated along the axes of `mask`. Its gradient is `sumOver`, and the other way round. */
export function spread(x: Tensor, mask: AxisMask, shape: Shape, scale: number, name = "spread"): Tensor {
  const [y] = op(name, [x], () => ({
    outputs: [repeat(x, mask, shape, scale, name)],
    pullback: ([dy]) => [dy && sumOver(dy, mask, x.shape, scale)],
  }));
  return y;
}

function repeat(x: Tensor, mask: AxisMask, shape: Shape, scale: number, label: string): Tensor {
  if (numel(shape) === 0) return empty(shape, x.dtype, x.device);
  const layout = layoutOf(shape, mask);
  if (!layout) {
    // More alternations than one dispatch indexes: the last run of repeated axes is done after the others.
    const last = lastRun(shape, mask);
    const rest = mask.map((m, i) => m && !last[i]);
    const without = shape.map((s, i) => (last[i] ? 1 : s));
    return repeat(repeat(x, rest, without, scale, label), last, shape, 1, label);
  }
  const { r1, k2, r2, inner } = layout;
  const y = empty(shape, x.dtype, x.device);
  const constants = { SPLAT: inner === 1 && r2 % 4 === 0, RUN: inner % 4 === 0 };
  const multiply = isFloat(x.dtype) && scale !== 1;
  const hooks: Record<string, string> = multiply ? { scaled: SCALED } : {};
  const types = { T: multiply ? "f32" : x.dtype === "f16" ? "f16" : "u32" };
  const grid = grid1d(Math.ceil(y.size / (4 * WG)));
  run({ x, y }, { n: y.size, r1, k2, r2, inner, scale }, { grid, constants, types, hooks, label });
  return y;
}
