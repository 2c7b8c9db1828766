// Learning-rate schedules (torch.optim.lr_scheduler): call `step()` after the optimizer's, inside or outside compile.
// Each is a closed formula for the factor on a group's initial rate, so that a run can be resumed at any step.

import { OptionError } from "../gpu/errors.ts";
import { hostEffect } from "../gpu/trace.ts";

export interface HasRates {
  readonly groups: readonly { lr: number }[];
}

export interface ScheduleState {
  readonly count: number;
  readonly baseRates: readonly number[];
}

export abstract class Schedule {
  private baseRates: readonly number[];
  private count = 0;

  constructor(private readonly optimizer: HasRates) {
    this.baseRates = optimizer.groups.map((g) => g.lr);
  }

  /** The rate after `count` steps for a group that began with `base`. */
  abstract rate(base: number, count: number): number;

  /** The rates now, a group each. */
  get rates(): number[] {
    return this.optimizer.groups.map((g) => g.lr);
  }

  /** Moves on by one. */
  step(): void {
    hostEffect(() => {
      const before = this.state();
      const rates = this.rates;
      this.count++;
      this.apply();
      return () => {
        this.count = before.count;
        this.optimizer.groups.forEach((g, i) => {
          g.lr = rates[i];
        });
        this.applyMore();
      };
    });
  }

  state(): ScheduleState {
    return { count: this.count, baseRates: this.baseRates };
  }

  /** Throws OptionError if this is not the state of such a schedule. */
  checkState(state: ScheduleState): void {
    const { count, baseRates } = state;
    if (!Number.isSafeInteger(count) || count < 0 || !Array.isArray(baseRates))
      throw new OptionError(`schedule: the state needs a count and base rates, got ${JSON.stringify(state)}`);
    if (baseRates.length !== this.baseRates.length) {
      throw new OptionError(
        `schedule: the state has ${baseRates.length} groups, the optimizer ${this.baseRates.length}`,
      );
    }
  }

  /** Continues where `state` was taken. Throws OptionError, and changes nothing, if it does not fit. */
  loadState(state: ScheduleState): void {
    this.checkState(state);
    this.count = state.count;
    this.baseRates = state.baseRates;
    this.apply();
  }

  /** Sets the rates of the current count; constructors call it for schedules that do not begin at the base rate. */
  protected apply(): void {
    this.optimizer.groups.forEach((g, i) => {
      g.lr = this.rate(this.baseRates[i], this.count);
    });
    this.applyMore();
  }

  /** Sets what else follows the count. */
  protected applyMore(): void {}

  /** Steps so far. */
  protected get steps(): number {
    return this.count;
  }
}

/** base * gamma^floor(count / stepSize). */
export class StepLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { stepSize: number; gamma?: number },
  ) {
    super(optimizer);
    positive("StepLR", "stepSize", options.stepSize);
  }

  override rate(base: number, count: number): number {
    return base * (this.options.gamma ?? 0.1) ** Math.floor(count / this.options.stepSize);
  }
}

/** base * gamma^(milestones passed). */
export class MultiStepLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { milestones: readonly number[]; gamma?: number },
  ) {
    super(optimizer);
  }

  override rate(base: number, count: number): number {
    return base * (this.options.gamma ?? 0.1) ** this.options.milestones.filter((m) => m <= count).length;
  }
}

/** base * gamma^count. */
export class ExponentialLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { gamma: number },
  ) {
    super(optimizer);
  }

  override rate(base: number, count: number): number {
    return base * this.options.gamma ** count;
  }
}

/** etaMin + (base - etaMin) (1 + cos(pi count / tMax)) / 2 (Loshchilov & Hutter 2017); rises again after tMax, as PyTorch's. */
export class CosineAnnealingLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { tMax: number; etaMin?: number },
  ) {
    super(optimizer);
    positive("CosineAnnealingLR", "tMax", options.tMax);
  }

  override rate(base: number, count: number): number {
    const { tMax, etaMin = 0 } = this.options;
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * count) / tMax))) / 2;
  }
}

/** base times a factor that goes linearly from startFactor to endFactor over totalIters. */
export class LinearLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { startFactor?: number; endFactor?: number; totalIters?: number } = {},
  ) {
    super(optimizer);
    this.apply();
  }

  override rate(base: number, count: number): number {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = this.options;
    return base * (startFactor + (endFactor - startFactor) * Math.min(1, count / totalIters));
  }
}

/** base * factor(count). */
export class LambdaLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly factor: (count: number) => number,
  ) {
    super(optimizer);
    this.apply();
  }

  override rate(base: number, count: number): number {
    return base * this.factor(count);
  }
}

/** Linear warm-up over warmupSteps, then a cosine to minFactor at totalSteps. */
export class WarmupCosineLR extends LambdaLR {
  constructor(optimizer: HasRates, options: { warmupSteps: number; totalSteps: number; minFactor?: number }) {
    const { warmupSteps, totalSteps, minFactor = 0 } = options;
    positive("WarmupCosineLR", "totalSteps", totalSteps);
    super(optimizer, (count) => {
      if (count < warmupSteps) return (count + 1) / warmupSteps;
      const done = Math.min(1, (count - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
      return minFactor + ((1 - minFactor) * (1 + Math.cos(Math.PI * done))) / 2;
    });
  }
}

export function positive(schedule: string, name: string, value: number): void {
  if (!(value > 0)) throw new OptionError(`${schedule}: ${name} must be positive, got ${value}`);
}
