// Multi-layer perceptron: linear layers with a relu between them.

import { OptionError } from "../gpu/errors.ts";
import { ReLU } from "../layers/activation.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import type { InitOptions } from "../layers/init.ts";
import { Linear } from "../layers/linear.ts";
import { checkRange } from "../layers/options.ts";
import { type Layer, Sequential } from "../layers/sequential.ts";

export interface MlpOptions extends InitOptions {
  /** Probability of dropout after each relu. Default 0: none. */
  readonly dropout?: number;
}

/**
 * x [b, ...] with sizes[0] values a sample -> [b, sizes.at(-1)]; `new Mlp([784, 256, 10])` has one hidden
 * layer.
 *
 * @throws OptionError for fewer than two sizes, sizes that are no positive integers, dropout out of range
 */
export class Mlp extends Sequential {
  constructor(sizes: readonly number[], { dropout = 0, generator }: MlpOptions = {}) {
    if (sizes.length < 2)
      throw new OptionError(`Mlp: needs sizes of input and output, got [${sizes.join(", ")}]`);
    checkRange("Mlp", "dropout", dropout, 0, 1);
    const layers = sizes.slice(1).flatMap((to, i): Layer[] => {
      const linear = new Linear(sizes[i], to, { generator }); // [b, to]
      if (i === sizes.length - 2) return [linear];
      return [linear, new ReLU(), ...(dropout > 0 ? [new Dropout(dropout)] : [])];
    });
    super(new Flatten(), ...layers);
  }
}
