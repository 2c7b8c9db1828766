// RMSprop (torch.optim.RMSprop), plain, centered and with momentum.

import { HostScalar } from "../gpu/dispatch.ts";
import { rmspropStep } from "../kernels/optimizer_steps.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface RMSpropOptions {
  /** Default 1e-2. */
  lr: number;
  /** Decay rate of the averages. Default 0.99. */
  alpha: number;
  /** Default 1e-8. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
  /** Default 0: no momentum, no state for it. */
  momentum: number;
  /** Divide by the standard deviation of the gradient (Graves 2013). Default false. */
  centered: boolean;
}

const DEFAULTS: RMSpropOptions = {
  lr: 1e-2,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
};

/**
 * RMSprop, Hinton 2012: v = alpha v + (1 - alpha) g^2, p -= lr g / (sqrt(v) + eps).
 *
 * @throws OptionError for values out of range
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: ParamsInput<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, (g) => [
      "square_avg",
      ...(g.centered ? ["grad_avg"] : []),
      ...(g.momentum > 0 ? ["momentum_buffer"] : []),
    ]);
  }

  protected override validate(g: ParamGroup<RMSpropOptions>): void {
    checkNumber("RMSprop", "lr", g.lr, "non-negative");
    checkNumber("RMSprop", "alpha", g.alpha, "below one");
    checkNumber("RMSprop", "eps", g.eps, "non-negative");
    checkNumber("RMSprop", "weightDecay", g.weightDecay, "non-negative");
    checkNumber("RMSprop", "momentum", g.momentum, "non-negative");
  }

  protected override update({ run, moments, group, control }: Stretch<RMSpropOptions>): void {
    const { square_avg: v, grad_avg: a = null, momentum_buffer: m = null } = moments;
    const state = { v, a, m };
    const scalars = {
      lr: new HostScalar(() => group.lr),
      alpha: new HostScalar(() => group.alpha),
      fresh: new HostScalar(() => 1 - group.alpha),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
      momentum: new HostScalar(() => group.momentum),
    };
    rmspropStep({ p: run.values, g: run.grads, ...state, control: control("plain") }, scalars);
  }
}
