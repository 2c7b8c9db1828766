// Stochastic gradient descent with momentum (torch.optim.SGD).

import { HostScalar } from "../gpu/dispatch.ts";
import { OptionError } from "../gpu/errors.ts";
import { activeTrace } from "../gpu/trace.ts";
import { sgdStep } from "../kernels/optimizer.ts";
import { checkNumber, Optimizer, type ParamGroup, type ParamsInput, type Stretch } from "./optimizer.ts";

export interface SGDOptions {
  lr: number;
  /** Default 0: no momentum, no state. */
  momentum: number;
  /** Default 0. */
  dampening: number;
  /** Added to the gradient as weightDecay * p. Default 0. */
  weightDecay: number;
  /** Sutskever et al. 2013, as PyTorch has it. Needs momentum and no dampening. Default false. */
  nesterov: boolean;
}

/**
 * d = g + weightDecay p; m = momentum m + (1 - dampening) d (m = d at the first step); p -= lr m, or with Nesterov
 * p -= lr (d + momentum m).
 *
 * @throws OptionError for values out of range
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: ParamsInput<SGDOptions>, options: Partial<SGDOptions> & { lr: number }) {
    const defaults = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options };
    super(params, defaults, (g) => (g.momentum > 0 ? ["momentum_buffer"] : []));
  }

  protected override validate(g: ParamGroup<SGDOptions>): void {
    checkNumber("SGD", "lr", g.lr, "non-negative");
    checkNumber("SGD", "momentum", g.momentum, "non-negative");
    checkNumber("SGD", "weightDecay", g.weightDecay, "non-negative");
    if (g.nesterov && (g.momentum === 0 || g.dampening !== 0)) {
      throw new OptionError("SGD: nesterov needs a momentum and no dampening");
    }
  }

  protected override update({ run, moments, group, step, control }: Stretch<SGDOptions>): void {
    activeTrace()?.guard(() => group.nesterov, group); // part of the shader, unlike the numbers
    const scalars = {
      lr: new HostScalar(() => group.lr),
      weight_decay: new HostScalar(() => group.weightDecay),
      momentum: new HostScalar(() => group.momentum),
      fresh: new HostScalar(() => (step() === 1 ? 1 : 1 - group.dampening)),
    };
    const state = {
      m: moments.momentum_buffer ?? null,
      control: control("sgd", { x: () => 1 - group.dampening }),
    };
    sgdStep({ p: run.values, g: run.grads, ...state }, scalars, group.nesterov);
  }
}
