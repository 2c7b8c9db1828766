// The learning rate of most recipes: up for a few steps, then down along a cosine.

import type { AnyOptimizer } from "../../../optim/optimizer.ts";
import { WarmupCosineLR } from "../../../optim/schedule.ts";

/** `warmup` steps of rising rate, but at most a tenth of a short run. */
export function warmupCosine(optimizer: AnyOptimizer, totalSteps: number, warmup: number): WarmupCosineLR {
  const warmupSteps = Math.min(warmup, Math.ceil(totalSteps / 10));
  return new WarmupCosineLR(optimizer, { warmupSteps, totalSteps });
}
