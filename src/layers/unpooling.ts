// Max unpooling layers: x goes where the indices of a max pooling point, zeros elsewhere. No parameters.

import { type MaxUnpoolOptions, maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../kernels/max_unpool.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { formatOptions } from "./options.ts";

/** kernelSize, stride (default kernelSize) and padding (0) of the pooling. */
type Options = Omit<MaxUnpoolOptions, "outputSize">;

abstract class MaxUnpool extends Module {
  constructor(readonly options: Options) {
    super();
  }

  protected override describe(): string {
    return formatOptions(this.options);
  }
}

/** Inverse of MaxPool1d (torch.nn.MaxUnpool1d): x and indices [n, c, l] or [c, l]; errors as maxUnpool2d. */
export class MaxUnpool1d extends MaxUnpool {
  forward(x: Tensor, indices: Tensor, outputSize?: Shape): Tensor {
    return maxUnpool1d(x, indices, { ...this.options, outputSize });
  }
}

/** Inverse of MaxPool2d (torch.nn.MaxUnpool2d): x and indices [n, c, h, w] or [c, h, w]. */
export class MaxUnpool2d extends MaxUnpool {
  forward(x: Tensor, indices: Tensor, outputSize?: Shape): Tensor {
    return maxUnpool2d(x, indices, { ...this.options, outputSize });
  }
}

/** Inverse of MaxPool3d (torch.nn.MaxUnpool3d): x and indices [n, c, d, h, w] or [c, d, h, w]. */
export class MaxUnpool3d extends MaxUnpool {
  forward(x: Tensor, indices: Tensor, outputSize?: Shape): Tensor {
    return maxUnpool3d(x, indices, { ...this.options, outputSize });
  }
}
