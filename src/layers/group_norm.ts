// Group norm and instance norm as layers. Statistics over the batch: batch_norm.ts.

import { ShapeError } from "../gpu/errors.ts";
import { groupNorm, instanceNorm } from "../kernels/group_norm.ts";
import { reshape } from "../kernels/reshape.ts";
import { buffer, type Parameter } from "../tensor/parameter.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constantParameter } from "./defaults.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange } from "./options.ts";

export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Learn a scale and a shift per channel. Default true. */
  readonly affine?: boolean;
}

/**
 * Normalises groups of channels of every sample (torch.nn.GroupNorm; Wu & He 2018).
 *
 * Shapes: x [n, channels, ...] -> the same; weight and bias [channels]. Initial values: 1 and 0.
 *
 * @throws OptionError for sizes that are no positive integers; at the forward for groups that do not divide the channels
 */
export class GroupNorm extends Module {
  readonly weight: Parameter | null; // [channels]
  readonly bias: Parameter | null; // [channels]
  readonly eps: number;

  constructor(
    readonly groups: number,
    readonly channels: number,
    { eps = 1e-5, affine = true }: GroupNormOptions = {},
  ) {
    super();
    checkPositive("GroupNorm", { groups, channels, "channels / groups": channels / groups });
    checkRange("GroupNorm", "eps", eps, 0, 1);
    this.eps = eps;
    this.weight = affine ? constantParameter([channels], 1) : null;
    this.bias = affine ? constantParameter([channels], 0) : null;
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.groups, this.weight, this.bias, this.eps);
  }

  protected override describe(): string {
    return `${this.groups}, ${this.channels}, eps=${this.eps}${this.weight ? "" : ", affine=false"}`;
  }
}

export interface InstanceNormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of the newest batch in the running averages. Default 0.1. */
  readonly momentum?: number;
  /** Learn a scale and a shift per channel. Default false. */
  readonly affine?: boolean;
  /** Keep running averages, and normalise by them in evaluation. Default false. */
  readonly trackRunningStats?: boolean;
}

abstract class InstanceNorm extends Module {
  readonly weight: Parameter | null; // [channels]
  readonly bias: Parameter | null; // [channels]
  readonly runningMean: Tensor | null = null; // [channels]
  readonly runningVar: Tensor | null = null; // [channels]
  readonly eps: number;
  readonly momentum: number;

  constructor(
    readonly channels: number,
    options: InstanceNormLayerOptions,
    private readonly axes: number,
  ) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = false, trackRunningStats = false } = options;
    const name = this.constructor.name;
    checkPositive(name, { channels });
    checkRange(name, "eps", eps, 0, 1);
    checkRange(name, "momentum", momentum, 0, 1);
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? constantParameter([channels], 1) : null;
    this.bias = affine ? constantParameter([channels], 0) : null;
    if (!trackRunningStats) return;
    const ones = new Float32Array(channels).fill(1);
    this.runningMean = this.registerBuffer("running_mean", buffer([channels], new Float32Array(channels)));
    this.runningVar = this.registerBuffer("running_var", buffer([channels], ones));
    this.registerBuffer("num_batches_tracked", buffer([], new Int32Array(1))); // PyTorch keeps it, and leaves it 0
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar, momentum, eps } = this;
    if (x.rank !== this.axes + 2 && x.rank !== this.axes + 1) {
      throw new ShapeError(
        `${this.constructor.name}: does not take ${x.rank} axes, x ${formatShape(x.shape)}`,
      );
    }
    const batch = x.rank === this.axes + 2 ? x : reshape(x, [1, ...x.shape]);
    const useInputStats = this.training || !runningMean;
    const options = { weight, bias, runningMean, runningVar, useInputStats, momentum, eps };
    return reshape(instanceNorm(batch, options), x.shape);
  }

  protected override describe(): string {
    const on = [this.weight && ", affine=true", this.runningMean && ", trackRunningStats=true"];
    return `${this.channels}, eps=${this.eps}, momentum=${this.momentum}${on.filter(Boolean).join("")}`;
  }
}

/** Instance norm of sequences (torch.nn.InstanceNorm1d): x [n, channels, length] or [channels, length]. */
export class InstanceNorm1d extends InstanceNorm {
  constructor(channels: number, options: InstanceNormLayerOptions = {}) {
    super(channels, options, 1);
  }
}

/** Instance norm of images (torch.nn.InstanceNorm2d): x [n, channels, h, w] or [channels, h, w]. */
export class InstanceNorm2d extends InstanceNorm {
  constructor(channels: number, options: InstanceNormLayerOptions = {}) {
    super(channels, options, 2);
  }
}

/** Instance norm of volumes (torch.nn.InstanceNorm3d): x [n, channels, d, h, w] or [channels, d, h, w]. */
export class InstanceNorm3d extends InstanceNorm {
  constructor(channels: number, options: InstanceNormLayerOptions = {}) {
    super(channels, options, 3);
  }
}
