// RAdam (torch.optim.RAdam): Adam without adaptive rates until their variance is known.

import { HostScalar } from "../gpu/dispatch.ts";
import { radamStep } from "../kernels/optimizer_steps.ts";
import { adamGate } from "./adam.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface RAdamOptions {
  /** Default 1e-3. */
  lr: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Default 1e-8. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
}

const DEFAULTS: RAdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };

/**
 * RAdam, Liu et al. 2020, algorithm 2: p -= lr rect mHat / (sqrt(vHat) + eps) once rho_t > 5, before it p -= lr mHat.
 *
 * @throws OptionError for values out of range
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(params: ParamsInput<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["exp_avg", "exp_avg_sq"]);
  }

  protected override validate(g: ParamGroup<RAdamOptions>): void {
    checkNumber("RAdam", "lr", g.lr, "non-negative");
    checkNumber("RAdam", "betas[0]", g.betas[0], "below one");
    checkNumber("RAdam", "betas[1]", g.betas[1], "below one");
    checkNumber("RAdam", "eps", g.eps, "non-negative");
    checkNumber("RAdam", "weightDecay", g.weightDecay, "non-negative");
  }

  protected override update({ run, moments, group, step, control }: Stretch<RAdamOptions>): void {
    const scalars = {
      step_size: new HostScalar(() => group.lr / (1 - group.betas[0] ** step())),
      rect: new HostScalar(() => rectification(group.betas[1], step())),
      beta1: new HostScalar(() => group.betas[0]),
      fresh1: new HostScalar(() => 1 - group.betas[0]),
      beta2: new HostScalar(() => group.betas[1]),
      fresh2: new HostScalar(() => 1 - group.betas[1]),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
    };
    const most = () => 2 / (1 - group.betas[1]) - 1;
    const offset = () => most() + 2 / Math.max(Math.log(group.betas[1]), -100);
    const decided = control("radam", { ...adamGate(() => group), x: most, y: offset });
    const state = { m: moments.exp_avg, v: moments.exp_avg_sq, control: decided };
    radamStep({ p: run.values, g: run.grads, ...state }, scalars);
  }
}

/** r_t sqrt(1 - beta2^t); 0 while the variance is not tractable. */
function rectification(beta2: number, t: number): number {
  const fresh = 1 - beta2 ** t;
  const most = 2 / (1 - beta2) - 1;
  const rho = most - (2 * t * beta2 ** t) / fresh;
  if (!(rho > 5)) return 0;
  const r = Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho));
  return r * Math.sqrt(fresh);
}
