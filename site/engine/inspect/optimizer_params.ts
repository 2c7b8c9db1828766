// The numbers that the optimizer's kernels got for a step: the device's program reads them anew at every run, so they are worked
// out again from the hyper-parameters (src/optim: sgd.ts, adam.ts, rmsprop.ts).

import type { OptimizerNumbers } from "./retained_step.ts";

/** By kernel and param. */
export function optimizerParams(
  o: OptimizerNumbers,
): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const [beta1, beta2] = o.betas;
  const common = { lr: o.lr, weight_decay: o.weightDecay, momentum: o.momentum, eps: o.eps };
  return {
    sgd: { ...common, fresh: 1 },
    rmsprop: { ...common, alpha: o.alpha, fresh: 1 - o.alpha },
    adam: {
      step_size: o.lr / (1 - beta1 ** o.count),
      ...{ beta1, fresh1: 1 - beta1, beta2, fresh2: 1 - beta2 },
      root2: Math.sqrt(1 - beta2 ** o.count),
      eps: o.eps,
      decay: o.name === "adamw" ? 1 - o.lr * o.weightDecay : o.weightDecay,
    },
  };
}
