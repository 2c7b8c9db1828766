// Adam and AdamW (torch.optim.Adam, torch.optim.AdamW).

import { HostScalar } from "../gpu/dispatch.ts";
import { adamStep } from "../kernels/optimizer.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface AdamOptions {
  /** Default 1e-3. */
  lr: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Default 1e-8. */
  eps: number;
  /** Adam: default 0, added to the gradient. AdamW: default 0.01, taken off the weights. */
  weightDecay: number;
  /** Divide by the largest second moment so far (Reddi et al. 2018). Default false. */
  amsgrad: boolean;
}

const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0, amsgrad: false };

/**
 * Adam, Kingma & Ba 2015, algorithm 1: p -= lr mHat / (sqrt(vHat) + eps). Bias corrections are computed in f64.
 *
 * @throws OptionError for values out of range
 */
export class Adam extends Optimizer<AdamOptions> {
  protected readonly decoupled: boolean = false;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, (g) => [
      "exp_avg",
      "exp_avg_sq",
      ...(g.amsgrad ? ["max_exp_avg_sq"] : []),
    ]);
  }

  protected override validate(g: ParamGroup<AdamOptions>): void {
    checkNumber("Adam", "lr", g.lr, "non-negative");
    checkNumber("Adam", "betas[0]", g.betas[0], "below one");
    checkNumber("Adam", "betas[1]", g.betas[1], "below one");
    checkNumber("Adam", "eps", g.eps, "non-negative");
    checkNumber("Adam", "weightDecay", g.weightDecay, "non-negative");
  }

  protected override update({ run, moments, group, step, control }: Stretch<AdamOptions>): void {
    const { decoupled } = this;
    const scalars = adamScalars(() => group, step, decoupled);
    const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: v_max = null } = moments;
    const decided = control(
      "adam",
      adamGate(() => group),
    );
    adamStep({ p: run.values, g: run.grads, m, v, v_max, control: decided }, scalars, decoupled);
  }
}

/** AdamW, Loshchilov & Hutter 2019, algorithm 2: Adam whose weight decay does not pass through the moments. */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 0.01, ...options });
  }
}

type AdamNumbers = Pick<AdamOptions, "lr" | "betas" | "eps" | "weightDecay">;

/** The numbers of a step, read anew at every replay. */
export function adamScalars(group: () => AdamNumbers, step: () => number, decoupled: boolean) {
  return {
    step_size: new HostScalar(() => group().lr / (1 - group().betas[0] ** step())),
    beta1: new HostScalar(() => group().betas[0]),
    fresh1: new HostScalar(() => 1 - group().betas[0]),
    beta2: new HostScalar(() => group().betas[1]),
    fresh2: new HostScalar(() => 1 - group().betas[1]),
    root2: new HostScalar(() => Math.sqrt(1 - group().betas[1] ** step())),
    eps: new HostScalar(() => group().eps),
    decay: new HostScalar(() => (decoupled ? 1 - group().lr * group().weightDecay : group().weightDecay)),
  };
}

/** What of them depends on the count of steps, for a gradient scaler. */
export function adamGate(group: () => Pick<AdamOptions, "lr" | "betas">) {
  return { lr: () => group().lr, beta1: () => group().betas[0], beta2: () => group().betas[1] };
}
