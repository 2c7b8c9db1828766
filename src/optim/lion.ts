// Lion (Chen et al. 2023): the sign of a momentum, one state tensor.

import { HostScalar } from "../gpu/dispatch.ts";
import { lionStep } from "../kernels/optimizer_steps.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface LionOptions {
  /** Default 1e-4. */
  lr: number;
  /** Weight of the momentum in the step, and its decay rate. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Taken off the weights, times lr. Default 0. */
  weightDecay: number;
}

const DEFAULTS: LionOptions = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 };

/**
 * Lion, Chen et al. 2023, algorithm 2: p -= lr (sign(beta1 m + (1 - beta1) g) + weightDecay p); m = beta2 m + (1 - beta2) g.
 * Wants a rate 3 to 10 times below AdamW's, and a decay as much above.
 *
 * @throws OptionError for values out of range
 */
export class Lion extends Optimizer<LionOptions> {
  constructor(params: ParamsInput<LionOptions>, options: Partial<LionOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["exp_avg"]);
  }

  protected override validate(g: ParamGroup<LionOptions>): void {
    checkNumber("Lion", "lr", g.lr, "non-negative");
    checkNumber("Lion", "betas[0]", g.betas[0], "below one");
    checkNumber("Lion", "betas[1]", g.betas[1], "below one");
    checkNumber("Lion", "weightDecay", g.weightDecay, "non-negative");
  }

  protected override update({ run, moments, group, control }: Stretch<LionOptions>): void {
    const scalars = {
      lr: new HostScalar(() => group.lr),
      beta1: new HostScalar(() => group.betas[0]),
      fresh1: new HostScalar(() => 1 - group.betas[0]),
      beta2: new HostScalar(() => group.betas[1]),
      fresh2: new HostScalar(() => 1 - group.betas[1]),
      decay: new HostScalar(() => 1 - group.lr * group.weightDecay),
    };
    lionStep({ p: run.values, g: run.grads, m: moments.exp_avg, control: control("plain") }, scalars);
  }
}
