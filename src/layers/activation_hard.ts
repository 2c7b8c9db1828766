// Further activations as layers, piecewise and smooth ones: x [...] -> [...]. Of them only PReLU has a parameter. The common ones:
// activation.ts; the functions and their gradients: src/kernels.

import { celu, hardsigmoid, hardswish, hardtanh, prelu, relu6, selu } from "../kernels/activation_hard.ts";
import { logSigmoid, mish, softsign } from "../kernels/activation_smooth.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Activation } from "./activation.ts";
import { constantParameter } from "./defaults.ts";
import { Module } from "./module.ts";
import { checkPositive } from "./options.ts";

/** min(max(x, 0), 6) (torch.nn.ReLU6). */
export class ReLU6 extends Activation {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** min(max(x, min), max) (torch.nn.Hardtanh). Defaults -1 and 1. */
export class Hardtanh extends Activation<{ readonly min?: number; readonly max?: number }> {
  forward(x: Tensor): Tensor {
    return hardtanh(x, this.options);
  }
}

/** min(max(x + 3, 0), 6) / 6 (torch.nn.Hardsigmoid). */
export class Hardsigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** x min(max(x + 3, 0), 6) / 6 (torch.nn.Hardswish; Howard et al. 2019). */
export class Hardswish extends Activation {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** x where x > 0, else alpha (e^(x / alpha) - 1) (torch.nn.CELU; Barron 2017). Default alpha 1. */
export class CELU extends Activation<{ readonly alpha?: number }> {
  forward(x: Tensor): Tensor {
    return celu(x, this.options);
  }
}

/** 1.0507 x where x > 0, else 1.0507 * 1.6733 (e^x - 1) (torch.nn.SELU; Klambauer et al. 2017). */
export class SELU extends Activation {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** log(1 / (1 + e^-x)) (torch.nn.LogSigmoid). */
export class LogSigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** x tanh(log(1 + e^x)) (torch.nn.Mish; Misra 2019). */
export class Mish extends Activation {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** x / (1 + |x|) (torch.nn.Softsign). */
export class Softsign extends Activation {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

export interface PReLUOptions {
  /** 1, or the channels of x: one slope for each. Default 1. */
  readonly numParameters?: number;
  /** Where the slopes begin. Default 0.25. */
  readonly init?: number;
}

/**
 * x where x > 0, else weight x, weight [numParameters] learnt (torch.nn.PReLU; He et al. 2015).
 *
 * Shapes: x [n, numParameters, ...], or any for one slope.
 *
 * @throws OptionError unless numParameters is a positive integer
 */
export class PReLU extends Module {
  readonly weight: Parameter; // [numParameters]

  constructor({ numParameters = 1, init = 0.25 }: PReLUOptions = {}) {
    super();
    checkPositive("PReLU", { numParameters });
    this.weight = constantParameter([numParameters], init);
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  protected override describe(): string {
    return `numParameters=${this.weight.size}`;
  }
}
