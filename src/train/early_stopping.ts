// Early stopping: end a run when the validation figure no longer improves, and go back to the best weights.

import { OptionError } from "../gpu/errors.ts";
import type { Module } from "../layers/module.ts";
import { copyInto } from "../tensor/primitives.ts";
import { emptyPersistent, type Tensor } from "../tensor/tensor.ts";
import type { Callback, EpochReport } from "./fit.ts";

export interface EarlyStoppingOptions {
  /** Field of the epoch report to watch. Default "loss". */
  readonly monitor?: "loss" | "accuracy" | "trainLoss" | "trainAccuracy";
  /** Epochs without improvement before the stop. Default 3. */
  readonly patience?: number;
  /** Smallest change that counts. Default 0. */
  readonly minDelta?: number;
  /** At the end, also without a stop, load the weights of the best epoch. Default true. */
  readonly restoreBest?: boolean;
}

/** Watches a validation figure; keeps a copy of the best weights on the device. */
export class EarlyStopping implements Callback {
  best: EpochReport | null = null;
  private bad = 0;
  private readonly copies = new Map<Tensor, Tensor>();

  constructor(
    private readonly model: Module,
    private readonly options: EarlyStoppingOptions = {},
  ) {
    const { patience = 3, minDelta = 0 } = options;
    if (!Number.isInteger(patience) || patience < 1)
      throw new OptionError(`EarlyStopping: patience must be a positive integer, got ${patience}`);
    if (!(minDelta >= 0))
      throw new OptionError(`EarlyStopping: minDelta must not be negative, got ${minDelta}`);
  }

  onEpoch(report: EpochReport): "stop" | undefined {
    const { monitor = "loss", patience = 3, minDelta = 0 } = this.options;
    const sign = /accuracy/i.test(monitor) ? 1 : -1;
    const gain = this.best ? sign * (report[monitor] - this.best[monitor]) : Infinity;
    // A NaN is no improvement, and neither is anything measured against one.
    if (gain > minDelta && !Number.isNaN(report[monitor])) {
      this.best = report;
      this.bad = 0;
      if (this.options.restoreBest ?? true) this.remember();
      return undefined;
    }
    return ++this.bad >= patience ? "stop" : undefined;
  }

  onEnd(): void {
    for (const [t, copy] of this.copies) copyInto(t, copy);
  }

  private remember(): void {
    for (const t of this.model.stateDict().values()) {
      let copy = this.copies.get(t);
      if (!copy) this.copies.set(t, (copy = emptyPersistent(t.shape, t.dtype, t.device, "best weights")));
      copyInto(copy, t);
    }
  }
}
