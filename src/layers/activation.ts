// Activations as layers, for Sequential: no parameters, x [...] -> [...]. The functions and their gradients:
// src/kernels.

import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../kernels/activation.ts";
import { logSoftmax, softmax } from "../kernels/softmax.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { formatOptions } from "./options.ts";

/** A layer that is a function; options as the function's. */
export abstract class Activation<O extends object = object> extends Module {
  constructor(readonly options: O = {} as O) {
    super();
  }

  abstract override forward(x: Tensor): Tensor;

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/** max(x, 0) (torch.nn.ReLU). */
export class ReLU extends Activation {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** x where x > 0, else negativeSlope x (torch.nn.LeakyReLU). Default 0.01. */
export class LeakyReLU extends Activation<{ readonly negativeSlope?: number }> {
  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.options);
  }
}

/** x where x > 0, else alpha (e^x - 1) (torch.nn.ELU; Clevert et al. 2016). Default alpha 1. */
export class ELU extends Activation<{ readonly alpha?: number }> {
  forward(x: Tensor): Tensor {
    return elu(x, this.options);
  }
}

/** x Phi(x), exact or by tanh (torch.nn.GELU; Hendrycks & Gimpel 2016). Default "none": exact. */
export class GELU extends Activation<{ readonly approximate?: "none" | "tanh" }> {
  forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** x sigmoid(x) (torch.nn.SiLU). */
export class SiLU extends Activation {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** tanh(x) (torch.nn.Tanh). */
export class Tanh extends Activation {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** 1 / (1 + e^-x) (torch.nn.Sigmoid). */
export class Sigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** log(1 + e^(beta x)) / beta, x itself where beta x > threshold (torch.nn.Softplus). Defaults 1 and 20. */
export class Softplus extends Activation<{ readonly beta?: number; readonly threshold?: number }> {
  forward(x: Tensor): Tensor {
    return softplus(x, this.options);
  }
}

/** e^x / sum e^x along an axis, default the last (torch.nn.Softmax). */
export class Softmax extends Activation<{ readonly axis?: number }> {
  forward(x: Tensor): Tensor {
    return softmax(x, this.options.axis);
  }
}

/** log(softmax(x)) along an axis, default the last (torch.nn.LogSoftmax). */
export class LogSoftmax extends Activation<{ readonly axis?: number }> {
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.options.axis);
  }
}
