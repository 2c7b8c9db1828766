// A GAN of points, small enough to watch: both halves are perceptrons with leaky relus.

import { reshape } from "../kernels/reshape.ts";
import { LeakyReLU } from "../layers/activation.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { Module } from "../layers/module.ts";
import { checkPositive } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface ToyGanOptions extends InitOptions {
  /** Coordinates of a point. Default 2. */
  readonly dimensions?: number;
  /** Width of the hidden layers. Default 64. */
  readonly hidden?: number;
  /** Hidden layers. Default 2. */
  readonly layers?: number;
}

export interface ToyGeneratorOptions extends ToyGanOptions {
  /** Numbers a point is made of. Default 2. */
  readonly nz?: number;
}

function perceptron(model: string, from: number, to: number, options: ToyGanOptions): Sequential {
  const { hidden = 64, layers = 2, generator } = options;
  checkPositive(model, { hidden, layers });
  const hiddens = Array.from({ length: layers }, (_, i): Layer[] => [
    new Linear(i === 0 ? from : hidden, hidden, { generator }),
    new LeakyReLU({ negativeSlope: 0.2 }), // [b, hidden]
  ]);
  return new Sequential(...hiddens.flat(), new Linear(hidden, to, { generator })); // [b, to]
}

/**
 * z [b, nz] -> points [b, dimensions]. 4,482 parameters by default. Initial values as of Linear.
 *
 * @throws OptionError for sizes that are no positive integers
 */
export class ToyGenerator extends Module {
  readonly main: Sequential;

  constructor(options: ToyGeneratorOptions = {}) {
    super();
    const { nz = 2, dimensions = 2 } = options;
    checkPositive("ToyGenerator", { nz, dimensions });
    this.main = perceptron("ToyGenerator", nz, dimensions, options);
  }

  forward(z: Tensor): Tensor {
    return this.main.forward(z); // [b, dimensions]
  }
}

/**
 * points [b, dimensions] -> scores [b]: logits of being real, or those of a critic. 4,417 parameters by default. Initial values
 * as of Linear.
 *
 * @throws OptionError for sizes that are no positive integers
 */
export class ToyDiscriminator extends Module {
  readonly main: Sequential;

  constructor(options: ToyGanOptions = {}) {
    super();
    const { dimensions = 2 } = options;
    checkPositive("ToyDiscriminator", { dimensions });
    this.main = perceptron("ToyDiscriminator", dimensions, 1, options);
  }

  forward(x: Tensor): Tensor {
    return reshape(this.main.forward(x), [x.shape[0]]); // [b]
  }
}
