// ReduceLROnPlateau (torch.optim.lr_scheduler): lowers the rates when a metric stops getting better. Not a function of the step
// count, so not a Schedule; it takes numbers of the host, between compiled steps.

import { OptionError } from "../gpu/errors.ts";
import type { HasRates } from "./schedule.ts";

export interface PlateauOptions {
  /** Whether a lower or a higher metric is better. Default "min". */
  readonly mode?: "min" | "max";
  /** What the rates are multiplied by, below 1. Default 0.1. */
  readonly factor?: number;
  /** Steps without progress that are let pass. Default 10. */
  readonly patience?: number;
  /** How much better counts as progress. Default 1e-4. */
  readonly threshold?: number;
  /** A share of the best metric, or a difference. Default "rel". */
  readonly thresholdMode?: "rel" | "abs";
  /** Steps after a reduction that do not count. Default 0. */
  readonly cooldown?: number;
  /** Default 0. */
  readonly minLr?: number;
  /** Reductions smaller than this are left out. Default 1e-8. */
  readonly eps?: number;
}

export interface PlateauState {
  readonly best: number | null;
  readonly bad: number;
  readonly cooling: number;
  readonly rates: readonly number[];
}

export class ReduceLROnPlateau {
  private readonly options: Required<PlateauOptions>;
  private best: number | null = null;
  private bad = 0;
  private cooling = 0;

  /** @throws OptionError for options out of range */
  constructor(
    private readonly optimizer: HasRates,
    options: PlateauOptions = {},
  ) {
    const defaults = {
      mode: "min",
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: "rel",
    } as const;
    this.options = { ...defaults, cooldown: 0, minLr: 0, eps: 1e-8, ...options };
    const { mode, factor, thresholdMode, patience } = this.options;
    if (!(factor > 0 && factor < 1))
      throw new OptionError(`ReduceLROnPlateau: factor must lie in (0, 1), got ${factor}`);
    if (!(patience >= 0))
      throw new OptionError(`ReduceLROnPlateau: patience must not be negative, got ${patience}`);
    if (mode !== "min" && mode !== "max")
      throw new OptionError(`ReduceLROnPlateau: mode must be "min" or "max", got ${mode}`);
    if (thresholdMode !== "rel" && thresholdMode !== "abs")
      throw new OptionError(`ReduceLROnPlateau: thresholdMode must be "rel" or "abs", got ${thresholdMode}`);
  }

  /** The rates now, a group each. */
  get rates(): number[] {
    return this.optimizer.groups.map((g) => g.lr);
  }

  /** Tells it the metric of an epoch; NaN is no progress. */
  step(metric: number): void {
    const { patience, cooldown } = this.options;
    if (this.better(metric)) {
      this.best = metric;
      this.bad = 0;
    } else this.bad++;
    if (this.cooling > 0) {
      this.cooling--;
      this.bad = 0;
    }
    if (this.bad <= patience) return;
    this.reduce();
    this.cooling = cooldown;
    this.bad = 0;
  }

  state(): PlateauState {
    return { best: this.best, bad: this.bad, cooling: this.cooling, rates: this.rates };
  }

  loadState(state: PlateauState): void {
    if (state.rates.length !== this.optimizer.groups.length)
      throw new OptionError(
        `ReduceLROnPlateau: the state has ${state.rates.length} groups, the optimizer ${this.optimizer.groups.length}`,
      );
    this.best = state.best;
    this.bad = state.bad;
    this.cooling = state.cooling;
    this.optimizer.groups.forEach((g, i) => {
      g.lr = state.rates[i];
    });
  }

  private better(metric: number): boolean {
    const { best, options } = this;
    if (best === null) return !Number.isNaN(metric);
    const sign = options.mode === "min" ? -1 : 1;
    const margin = options.thresholdMode === "rel" ? options.threshold * best : options.threshold;
    return sign * metric > sign * (best + sign * margin);
  }

  private reduce(): void {
    const { factor, minLr, eps } = this.options;
    for (const g of this.optimizer.groups) {
      const lower = Math.max(g.lr * factor, minLr);
      if (g.lr - lower > eps) g.lr = lower;
    }
  }
}
