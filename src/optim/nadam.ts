// NAdam (torch.optim.NAdam): Adam with Nesterov's momentum.

import { HostScalar } from "../gpu/dispatch.ts";
import { nadamStep } from "../kernels/optimizer_steps.ts";
import { adamGate } from "./adam.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface NAdamOptions {
  /** Default 2e-3. */
  lr: number;
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Default 1e-8. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
  /** How fast the momentum grows to betas[0]. Default 4e-3. */
  momentumDecay: number;
}

const DEFAULTS: NAdamOptions = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
};

/**
 * NAdam, Dozat 2016, algorithm 2: p -= lr (now g + ahead m) / (sqrt(vHat) + eps) with a momentum mu_t = beta1 (1 - 0.96^(t
 * momentumDecay) / 2). As in PyTorch 2; PyTorch 1 multiplied mu_t twice into the product of the step ahead.
 *
 * @throws OptionError for values out of range
 */
export class NAdam extends Optimizer<NAdamOptions> {
  private readonly products = new MomentumProducts();

  constructor(params: ParamsInput<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["exp_avg", "exp_avg_sq"]);
  }

  protected override validate(g: ParamGroup<NAdamOptions>): void {
    checkNumber("NAdam", "lr", g.lr, "non-negative");
    checkNumber("NAdam", "betas[0]", g.betas[0], "below one");
    checkNumber("NAdam", "betas[1]", g.betas[1], "below one");
    checkNumber("NAdam", "eps", g.eps, "non-negative");
    checkNumber("NAdam", "weightDecay", g.weightDecay, "non-negative");
    checkNumber("NAdam", "momentumDecay", g.momentumDecay, "non-negative");
  }

  protected override update({ run, moments, group, step, control }: Stretch<NAdamOptions>): void {
    const product = (t: number) => this.products.upTo(group, t);
    const scalars = {
      now: new HostScalar(() => (group.lr * (1 - mu(group, step()))) / (1 - product(step()))),
      ahead: new HostScalar(() => (group.lr * mu(group, step() + 1)) / (1 - product(step() + 1))),
      beta1: new HostScalar(() => group.betas[0]),
      fresh1: new HostScalar(() => 1 - group.betas[0]),
      beta2: new HostScalar(() => group.betas[1]),
      fresh2: new HostScalar(() => 1 - group.betas[1]),
      root2: new HostScalar(() => Math.sqrt(1 - group.betas[1] ** step())),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
    };
    const decay = () => group.momentumDecay * Math.log(0.96);
    const decided = control("nadam", { ...adamGate(() => group), x: () => group.betas[0], y: decay });
    const state = { m: moments.exp_avg, v: moments.exp_avg_sq, control: decided };
    nadamStep({ p: run.values, g: run.grads, ...state }, scalars);
  }
}

type Momentum = Pick<NAdamOptions, "betas" | "momentumDecay">;

/** mu_t. */
const mu = ({ betas, momentumDecay }: Momentum, t: number): number =>
  betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay));

/** Products mu_1 ... mu_t, as far as they were asked for. */
class MomentumProducts {
  private readonly known = new Map<string, number[]>();

  upTo(group: Momentum, t: number): number {
    const key = `${group.betas[0]},${group.momentumDecay}`;
    let list = this.known.get(key);
    if (!list) this.known.set(key, (list = [1]));
    while (list.length <= t) list.push(list[list.length - 1] * mu(group, list.length));
    return list[t];
  }
}
