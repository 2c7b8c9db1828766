// Adamax (torch.optim.Adamax): Adam by the largest gradient.

import { HostScalar } from "../gpu/dispatch.ts";
import { adamaxStep } from "../kernels/optimizer_steps.ts";
import { adamGate } from "./adam.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface AdamaxOptions {
  /** Default 2e-3. */
  lr: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Default 1e-8. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
}

const DEFAULTS: AdamaxOptions = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };

/**
 * Adamax, Kingma & Ba 2015, algorithm 2: u = max(beta2 u, |g| + eps), p -= lr mHat / u.
 *
 * @throws OptionError for values out of range
 */
export class Adamax extends Optimizer<AdamaxOptions> {
  constructor(params: ParamsInput<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["exp_avg", "exp_inf"]);
  }

  protected override validate(g: ParamGroup<AdamaxOptions>): void {
    checkNumber("Adamax", "lr", g.lr, "non-negative");
    checkNumber("Adamax", "betas[0]", g.betas[0], "below one");
    checkNumber("Adamax", "betas[1]", g.betas[1], "below one");
    checkNumber("Adamax", "eps", g.eps, "non-negative");
    checkNumber("Adamax", "weightDecay", g.weightDecay, "non-negative");
  }

  protected override update({ run, moments, group, step, control }: Stretch<AdamaxOptions>): void {
    const scalars = {
      step_size: new HostScalar(() => group.lr / (1 - group.betas[0] ** step())),
      beta1: new HostScalar(() => group.betas[0]),
      fresh1: new HostScalar(() => 1 - group.betas[0]),
      beta2: new HostScalar(() => group.betas[1]),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
    };
    const state = {
      m: moments.exp_avg,
      u: moments.exp_inf,
      control: control(
        "adam",
        adamGate(() => group),
      ),
    };
    adamaxStep({ p: run.values, g: run.grads, ...state }, scalars);
  }
}
