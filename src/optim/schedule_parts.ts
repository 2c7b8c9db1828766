// Simple schedules and how to put several in a row. What a schedule is: schedule.ts.

import { OptionError } from "../gpu/errors.ts";
import { type HasRates, positive, Schedule } from "./schedule.ts";

/** base * factor for totalIters steps, then base (torch.optim.lr_scheduler.ConstantLR). Defaults 1/3, 5. */
export class ConstantLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { factor?: number; totalIters?: number } = {},
  ) {
    super(optimizer);
    this.apply();
  }

  override rate(base: number, count: number): number {
    const { factor = 1 / 3, totalIters = 5 } = this.options;
    return count < totalIters ? base * factor : base;
  }
}

/** base (1 - count / totalIters)^power, 0 from totalIters on (torch.optim.lr_scheduler.PolynomialLR). Defaults 5, 1. */
export class PolynomialLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { totalIters?: number; power?: number } = {},
  ) {
    super(optimizer);
    positive("PolynomialLR", "totalIters", options.totalIters ?? 5);
  }

  override rate(base: number, count: number): number {
    const { totalIters = 5, power = 1 } = this.options;
    return base * (1 - Math.min(count, totalIters) / totalIters) ** power;
  }
}

/**
 * One schedule after the other, each counting from its milestone (torch.optim.lr_scheduler.SequentialLR). Make them for the same
 * optimizer, the first one first, and step only this one.
 *
 * @throws OptionError unless there is one milestone fewer than schedules, rising
 */
export class SequentialLR extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly schedules: readonly Schedule[],
    private readonly milestones: readonly number[],
  ) {
    super(optimizer);
    const rising = milestones.every((m, i) => m > (milestones[i - 1] ?? 0));
    if (schedules.length === 0 || milestones.length !== schedules.length - 1 || !rising)
      throw new OptionError(
        `SequentialLR: needs rising milestones, one fewer than schedules, got ${milestones.join(", ")} for ${schedules.length}`,
      );
    // A schedule that begins below the base rate has set that already: the first one noted the rates before it did.
    this.loadState({ count: 0, baseRates: schedules[0].state().baseRates });
  }

  override rate(base: number, count: number): number {
    const part = this.milestones.filter((m) => m <= count).length;
    return this.schedules[part].rate(base, count - (this.milestones[part - 1] ?? 0));
  }
}
