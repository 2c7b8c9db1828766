// Repeats a tensor along axes: broadcastTo, and spread, the gradient of a sum. Sums: reduce.ts.

import type { ElementwiseRole } from "../gpu/dispatch.ts";
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
  const grid = grid1d(Math.ceil(y.size / (4 * WG)));
  const params = { n: y.size, r1, k2, r2, inner, scale };
  if (isFloat(x.dtype) && y.device.recorder.capturing) {
    const kept = x.alias(shape.map((s, i) => (mask[i] ? 1 : s)));
    const role = roleOf(scale);
    run({ x: kept, y }, params, { grid, constants, types: { T: "f32" }, hooks, label, role });
    kept.release(label);
    return y;
  }
  const types = { T: multiply ? "f32" : x.dtype === "f16" ? "f16" : "u32" };
  run({ x, y }, params, { grid, constants, types, hooks, label });
  return y;
}

/** What broadcasts is read where it is by the functions behind: the gradient of a mean is never written. */
const roleOf = (scale: number): ElementwiseRole => ({
  kind: "elementwise",
  apply: `fn apply(x: T, p: f32, q: f32) -> R { return ${scale === 1 ? "x" : "x * p"}; }`,
  calls: [],
  type: "f32",
  result: "f32",
  operands: ["x"],
  numbers: [scale, 0],
});
