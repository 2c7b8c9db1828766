// Adagrad (torch.optim.Adagrad).

import { HostScalar } from "../gpu/dispatch.ts";
import { adagradStep } from "../kernels/optimizer_steps.ts";
import { fill } from "../tensor/primitives.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface AdagradOptions {
  /** Default 1e-2. */
  lr: number;
  /** The rate is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay: number;
  /** Default 1e-10. */
  eps: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
  /** Where the sums of squares begin. Default 0. */
  initialAccumulatorValue: number;
}

const DEFAULTS: AdagradOptions = {
  lr: 1e-2,
  lrDecay: 0,
  eps: 1e-10,
  weightDecay: 0,
  initialAccumulatorValue: 0,
};

/**
 * Adagrad, Duchi, Hazan & Singer 2011: v += g^2, p -= lr g / (sqrt(v) + eps).
 *
 * @throws OptionError for values out of range
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: ParamsInput<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, { ...DEFAULTS, ...options }, () => ["sum"]);
    const state = this.stateTensors();
    const places = new Map(this.groups.flatMap((g) => g.params).map((p, i) => [p, i]));
    for (const { params, initialAccumulatorValue: value } of this.groups) {
      if (value > 0) for (const p of params) fill(state.get(`${places.get(p)}.sum`)!, value);
    }
  }

  protected override validate(g: ParamGroup<AdagradOptions>): void {
    checkNumber("Adagrad", "lr", g.lr, "non-negative");
    checkNumber("Adagrad", "lrDecay", g.lrDecay, "non-negative");
    checkNumber("Adagrad", "eps", g.eps, "non-negative");
    checkNumber("Adagrad", "weightDecay", g.weightDecay, "non-negative");
    checkNumber("Adagrad", "initialAccumulatorValue", g.initialAccumulatorValue, "non-negative");
  }

  protected override update({ run, moments, group, step, control }: Stretch<AdagradOptions>): void {
    const scalars = {
      lr: new HostScalar(() => group.lr / (1 + (step() - 1) * group.lrDecay)),
      eps: new HostScalar(() => group.eps),
      weight_decay: new HostScalar(() => group.weightDecay),
    };
    const decided = control("adagrad", { lr: () => group.lr, x: () => group.lrDecay });
    adagradStep({ p: run.values, g: run.grads, v: moments.sum, control: decided }, scalars);
  }
}
