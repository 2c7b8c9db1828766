// Runs a reduction in its stages. What is folded and how: reduce_fold.ts; by how many threads: reduce_plan.ts; the public
// ops: reduce.ts. Not on the tape: the ops are.

import type { Device } from "../gpu/device.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { reduce as reduceShader } from "../gpu/shaders.gen.ts";
import { WGSL_TYPE } from "../tensor/dtype.ts";
import { fill } from "../tensor/primitives.ts";
import { numel, type Shape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { permute } from "./permute.ts";
import { REDUCE, reduceVariant } from "./reduce_choices.ts";
import { type Fold, firstStage, hooksOf, laterStage } from "./reduce_fold.ts";
import { type AxisMask, lastRun, layoutOf, type ReduceLayout } from "./reduce_layout.ts";
import { type Plan, planReduction } from "./reduce_plan.ts";
import { chosen } from "./tuning_family.ts";

const run = kernel(reduceShader);

/** Threads of a workgroup: software adapters share out workgroups, of few threads that do much, among few cores. */
const WORKGROUP = { software: 8, hardware: 64 };
/** What makes x may be computed here, and kept. */
const ONCE = { kind: "opaque", once: { TURN: 1 } } as const;

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
  const plan = planOf(layout, x.device);
  const { splits } = plan;
  const outputs = layout.k1 * layout.k2 * layout.inner;
  if (splits === 1) {
    const y = empty(shape, how.out, x.device);
    dispatch(x, y, layout, plan, how, center);
    return y;
  }
  const partials = empty([splits, outputs], how.dtype, x.device);
  dispatch(x, partials, layout, plan, firstStage(how), center);
  const y = stages(partials, layoutOf([splits, outputs], [true, false])!, shape, laterStage(how), null);
  partials.release(how.name);
  return y;
}

function planOf(layout: ReduceLayout, device: Device): Plan {
  const own = planReduction(layout, device.adapter);
  const variant = device.tuning.idle ? null : chosen(device, REDUCE, layout);
  return (variant === null ? null : reduceVariant(variant, layout, own)) ?? own;
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
  const WG = WORKGROUP[x.device.adapter.software ? "software" : "hardware"];
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
      constants: { WG, LANES: p.lanes, HAS_CENTER: center !== null, TURN: p.turn },
      types: {
        X: vector(WGSL_TYPE[x.dtype]),
        A: vector(how.dtype),
        S: how.dtype,
        C: outVector("f32"),
        Y: outVector(WGSL_TYPE[y.dtype]),
      },
      hooks: hooksOf(how, {
        across: rows && p.wide === 4,
        alone: p.lanes === 1,
        out: WGSL_TYPE[y.dtype],
        outWidth: rows ? 1 : p.wide,
      }),
      label: how.name,
      role: ONCE,
      flops: numel([k1, r1, k2, r2, inner]),
    },
  );
}
