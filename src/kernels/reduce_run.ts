// Runs a reduction in its stages. What is folded and how: reduce_fold.ts; by how many threads: reduce_plan.ts; the public
// ops: reduce.ts. Not on the tape: the ops are.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { reduce as reduceShader } from "../gpu/shaders.gen.ts";
import { WGSL_TYPE } from "../tensor/dtype.ts";
import { fill } from "../tensor/primitives.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { permute } from "./permute.ts";
import { type Fold, firstStage, hooksOf, laterStage } from "./reduce_fold.ts";
import { type AxisMask, lastRun, layoutOf, type ReduceLayout } from "./reduce_layout.ts";
import { type Plan, planReduction } from "./reduce_plan.ts";

const run = kernel(reduceShader);

const WG = 64;

/** Folds the axes of `mask`. `center`: one value an output (f32), for `pre`. */
export function fold(
  x: Tensor,
  mask: AxisMask,
  shape: Shape,
  how: Fold,
  center: Tensor | null = null,
): Tensor {
  if (x.size === 0) return fill(empty(shape, how.out, x.device), how.ofNone ?? 0);
  const layout = layoutOf(x.shape, mask);
  if (layout) return stages(x, layout, shape, how, center);
  if (center) return fold(permute(x, keptFirst(mask)), mask.toSorted(), shape, how, center);
  const last = lastRun(x.shape, mask);
  const rest = mask.map((folded, i) => folded && !last[i]);
  const kept = x.shape.map((s, i) => (last[i] ? 1 : s));
  return fold(fold(x, last, kept, firstStage(how)), rest, shape, laterStage(how));
}

/** Axes with the kept ones in front: costs a copy, so only for what no other way can do. */
const keptFirst = (mask: AxisMask) =>
  [...mask.keys()].sort((a, b) => Number(mask[a]) - Number(mask[b]) || a - b);

function stages(x: Tensor, layout: ReduceLayout, shape: Shape, how: Fold, center: Tensor | null): Tensor {
  const { lanes, splits, wide } = planReduction(layout, x.device.adapter);
  const outputs = layout.k1 * layout.k2 * layout.inner;
  if (splits === 1) {
    const y = empty(shape, how.out, x.device);
    dispatch(x, y, layout, { lanes, splits, wide }, how, center);
    return y;
  }
  const partials = empty([splits, outputs], how.dtype, x.device);
  dispatch(x, partials, layout, { lanes, splits, wide }, firstStage(how), center);
  const y = stages(partials, layoutOf([splits, outputs], [true, false])!, shape, laterStage(how), null);
  partials.release(how.name);
  return y;
}

function dispatch(
  x: Tensor,
  y: Tensor,
  layout: ReduceLayout,
  p: Plan,
  how: Fold,
  center: Tensor | null,
): void {
  const { k1, r1, k2, r2, inner } = layout;
  const rows = inner === 1;
  const vector = (type: string) => (p.wide === 4 ? `vec4<${type}>` : type);
  const outVector = (type: string) => (rows ? type : vector(type));
  const outputs = (k1 * k2 * inner) / (rows ? 1 : p.wide);
  run(
    { x, center, y },
    {
      outputs,
      splits: p.splits,
      r1,
      k2,
      r2: rows ? r2 / p.wide : r2,
      inner: rows ? 1 : inner / p.wide,
      init: how.init,
      scale: how.scale ?? 1,
    },
    {
      grid: grid1d(Math.ceil((outputs * p.splits * p.lanes) / WG)),
      constants: { LANES: p.lanes, HAS_CENTER: center !== null },
      types: {
        X: vector(WGSL_TYPE[x.dtype]),
        A: vector(how.dtype),
        S: how.dtype,
        C: outVector("f32"),
        Y: outVector(WGSL_TYPE[y.dtype]),
      },
      hooks: hooksOf(how, { across: rows && p.wide === 4, alone: p.lanes === 1, out: WGSL_TYPE[y.dtype] }),
      label: how.name,
      flops: numel([k1, r1, k2, r2, inner]),
    },
  );
}
