// Batch norm: y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance per channel, over
// the batch in training and running averages in evaluation. Statistics of single samples: layer_norm.ts.

import { ShapeError } from "../gpu/errors.ts";
import { batchNorm } from "../kernels/batch_norm.ts";
import { buffer, type Parameter } from "../tensor/parameter.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { constantParameter } from "./defaults.ts";
import { Module } from "./module.ts";
import { checkPositive, checkRange } from "./options.ts";

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of the newest batch in the running averages; null: averages over all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Learn a scale and a shift. Default true. */
  readonly affine?: boolean;
  /** Keep running averages; without them evaluation takes the statistics of the batch too. Default true. */
  readonly trackRunningStats?: boolean;
}

abstract class BatchNorm extends Module {
  readonly weight: Parameter | null; // [channels]
  readonly bias: Parameter | null; // [channels]
  readonly runningMean: Tensor | null = null; // [channels]
  readonly runningVar: Tensor | null = null; // [channels]
  readonly numBatchesTracked: Tensor | null = null; // [], i32
  readonly eps: number;
  readonly momentum: number | null;

  constructor(
    readonly channels: number,
    options: BatchNormOptions,
    private readonly ranks: readonly number[],
  ) {
    super();
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    const name = this.constructor.name;
    checkPositive(name, { channels });
    checkRange(name, "eps", eps, 0, 1);
    if (momentum !== null) checkRange(name, "momentum", momentum, 0, 1);
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? constantParameter([channels], 1) : null;
    this.bias = affine ? constantParameter([channels], 0) : null;
    if (!trackRunningStats) return;
    const ones = new Float32Array(channels).fill(1);
    this.runningMean = this.registerBuffer("running_mean", buffer([channels], new Float32Array(channels)));
    this.runningVar = this.registerBuffer("running_var", buffer([channels], ones));
    this.numBatchesTracked = this.registerBuffer("num_batches_tracked", buffer([], new Int32Array(1)));
  }

  forward(x: Tensor): Tensor {
    if (!this.ranks.includes(x.rank)) {
      throw new ShapeError(
        `${this.constructor.name}: does not take ${x.rank} axes, x ${formatShape(x.shape)}`,
      );
    }
    const { weight, bias, runningMean, runningVar, numBatchesTracked, momentum, eps } = this;
    const training = this.training || !runningMean;
    return batchNorm(x, {
      weight,
      bias,
      runningMean,
      runningVar,
      numBatchesTracked,
      training,
      momentum,
      eps,
    });
  }

  protected override describe(): string {
    const off = [!this.weight && ", affine=false", !this.runningMean && ", trackRunningStats=false"];
    return `${this.channels}, eps=${this.eps}, momentum=${this.momentum}${off.filter(Boolean).join("")}`;
  }
}

/**
 * Batch norm of images (torch.nn.BatchNorm2d; Ioffe & Szegedy 2015).
 *
 * Shapes: x [n, channels, h, w] -> the same; weight, bias, running_mean, running_var [channels],
 * num_batches_tracked []. Initial values: weight and running_var 1, bias and running_mean 0. running_var is
 * averaged from unbiased variances.
 *
 * @throws OptionError for channels that are no positive integer, eps or momentum out of range
 */
export class BatchNorm2d extends BatchNorm {
  constructor(channels: number, options: BatchNormOptions = {}) {
    super(channels, options, [4]);
  }
}

/** Batch norm of vectors or sequences (torch.nn.BatchNorm1d): x [n, channels] or [n, channels, length]. */
export class BatchNorm1d extends BatchNorm {
  constructor(channels: number, options: BatchNormOptions = {}) {
    super(channels, options, [2, 3]);
  }
}

/** Batch norm of volumes (torch.nn.BatchNorm3d): x [n, channels, d, h, w]. */
export class BatchNorm3d extends BatchNorm {
  constructor(channels: number, options: BatchNormOptions = {}) {
    super(channels, options, [5]);
  }
}
