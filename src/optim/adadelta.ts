// Adadelta (torch.optim.Adadelta): steps in the units of the weights.

import { HostScalar } from "../gpu/dispatch.ts";
import { adadeltaStep } from "../kernels/optimizer_steps.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface AdadeltaOptions {
  /** Default 1. */
  lr: number;
  /** Decay rate of the averages. Default 0.9. */
  rho: number;
  /** Default 1e-6. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
}

const DEFAULTS: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 };

/**
 * Adadelta, Zeiler 2012, algorithm 1: p -= lr u, u = g sqrt(a + eps) / sqrt(v + eps) with running averages v of g^2 and a of u^2.
 *
 * @throws OptionError for values out of range
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: ParamsInput<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["square_avg", "acc_delta"]);
  }

  protected override validate(g: ParamGroup<AdadeltaOptions>): void {
    checkNumber("Adadelta", "lr", g.lr, "non-negative");
    checkNumber("Adadelta", "rho", g.rho, "below one");
    checkNumber("Adadelta", "eps", g.eps, "non-negative");
    checkNumber("Adadelta", "weightDecay", g.weightDecay, "non-negative");
  }

  protected override update({ run, moments, group, control }: Stretch<AdadeltaOptions>): void {
    const scalars = {
      lr: new HostScalar(() => group.lr),
      rho: new HostScalar(() => group.rho),
      fresh: new HostScalar(() => 1 - group.rho),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
    };
    const state = { v: moments.square_avg, a: moments.acc_delta };
    adadeltaStep({ p: run.values, g: run.grads, ...state, control: control("plain") }, scalars);
  }
}
