// Loss scaling decided on the GPU: undoing the scale and finding Inf and NaN, whether a step counts, the next scale. Formulas: the
// shaders' headers. Who calls them when: src/optim/grad_scaler.ts, src/optim/gate.ts.

import type { ParamValue } from "../gpu/dispatch.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import {
  scalerUpdate as scalerUpdateShader,
  stepControl as stepControlShader,
  unscale as unscaleShader,
} from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const unscaleKernel = kernel(unscaleShader);
const controlKernel = kernel(stepControlShader);
const updateKernel = kernel(scalerUpdateShader);

const WG = 64;
const ONE = [1, 1, 1] as const;

/** Which numbers of a step depend on the count of steps: the entry points of step_control.wgsl. */
export type StepRule = keyof typeof stepControlShader.entries;
export type ControlNumbers = Readonly<Record<"lr" | "log1" | "log2" | "x" | "y", ParamValue>>;

/** g /= scale for flat gradients, in place; found = 1 if one is Inf or NaN. */
export function unscaleFlat(grads: readonly Tensor[], scale: Tensor, found: Tensor): void {
  for (const g of grads) {
    const n4 = g.size / 4;
    const grid = grid1d(Math.ceil(n4 / WG));
    unscaleKernel({ scale, g, found }, { n4 }, { grid, label: "unscale", flops: g.size });
  }
}

/** The control of one stretch, [4]; counts a skipped step. `found` null: nothing is skipped. */
export function stepControl(
  { found, skipped }: { found: Tensor | null; skipped: Tensor },
  place: { first: number; count: number; attempted: ParamValue },
  numbers: ControlNumbers,
  rule: StepRule,
): Tensor {
  const control = empty([4], "f32", skipped.device);
  const options = { grid: ONE, entry: rule, label: "step_control" };
  controlKernel({ found, skipped, control }, { ...place, ...numbers }, options);
  return control;
}

/** The next scale, from the finds of all optimizers of this round; they are cleared. state: [4]. */
export function scalerUpdate(
  found: readonly Tensor[],
  state: Tensor,
  params: { growth: ParamValue; backoff: ParamValue; interval: ParamValue },
): void {
  found.forEach((f, i) => {
    const entry = i === found.length - 1 ? "update" : "gather";
    updateKernel({ found: f, state }, params, { grid: ONE, entry, label: "scaler_update" });
  });
}
