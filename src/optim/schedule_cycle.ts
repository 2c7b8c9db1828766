// Schedules that go round: cosine with warm restarts, one cycle. What a schedule is: schedule.ts.

import { OptionError } from "../gpu/errors.ts";
import { type HasRates, positive, Schedule } from "./schedule.ts";

/**
 * etaMin + (base - etaMin) (1 + cos(pi c / T)) / 2, c steps after the last restart; the first period T is t0, each further one
 * tMult times as long (torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; SGDR, Loshchilov & Hutter 2017).
 *
 * @throws OptionError unless t0 is positive and tMult an integer of at least 1
 */
export class CosineAnnealingWarmRestarts extends Schedule {
  constructor(
    optimizer: HasRates,
    private readonly options: { t0: number; tMult?: number; etaMin?: number },
  ) {
    super(optimizer);
    positive("CosineAnnealingWarmRestarts", "t0", options.t0);
    const { tMult = 1 } = options;
    if (!Number.isInteger(tMult) || tMult < 1)
      throw new OptionError(
        `CosineAnnealingWarmRestarts: tMult must be an integer of at least 1, got ${tMult}`,
      );
  }

  override rate(base: number, count: number): number {
    const { t0, tMult = 1, etaMin = 0 } = this.options;
    let [since, period] = [count, t0];
    if (tMult === 1) since %= t0;
    while (since >= period) {
      since -= period;
      period *= tMult;
    }
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * since) / period))) / 2;
  }
}

export interface OneCycleOptions {
  /** Steps of the whole cycle; the rate stays at its end after them. */
  readonly totalSteps: number;
  /** The peak. Default: the rate of each group. */
  readonly maxLr?: number;
  /** Part of the cycle in which the rate rises. Default 0.3. */
  readonly pctStart?: number;
  /** Default "cos". */
  readonly annealStrategy?: "cos" | "linear";
  /** The first rate is maxLr / divFactor. Default 25. */
  readonly divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default 1e4. */
  readonly finalDivFactor?: number;
  /** Fall to the first rate as long as it rose, and only then to the last. Default false. */
  readonly threePhase?: boolean;
  /** Move the momentum (SGD's, or betas[0]) against the rate. Default true. */
  readonly cycleMomentum?: boolean;
  /** Default 0.85. */
  readonly baseMomentum?: number;
  /** Default 0.95. */
  readonly maxMomentum?: number;
}

interface HasMomentum {
  momentum?: number;
  betas?: readonly [number, number];
}

/**
 * Up to maxLr and down far below the beginning, the momentum the other way (torch.optim.lr_scheduler.OneCycleLR; Smith & Topin
 * 2018). Step it after every batch.
 *
 * @throws OptionError for options out of range, cycleMomentum for an optimizer without momentum
 */
export class OneCycleLR extends Schedule {
  private readonly groups: readonly HasMomentum[];

  constructor(
    optimizer: HasRates,
    private readonly options: OneCycleOptions,
  ) {
    super(optimizer);
    const {
      totalSteps,
      pctStart = 0.3,
      cycleMomentum = true,
      divFactor = 25,
      finalDivFactor = 1e4,
    } = options;
    positive("OneCycleLR", "totalSteps", totalSteps);
    positive("OneCycleLR", "divFactor", divFactor);
    positive("OneCycleLR", "finalDivFactor", finalDivFactor);
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new OptionError(`OneCycleLR: pctStart must lie in [0, 1], got ${pctStart}`);
    this.groups = optimizer.groups as readonly HasMomentum[];
    if (cycleMomentum && this.groups.some((g) => !g.betas && !g.momentum))
      throw new OptionError("OneCycleLR: the optimizer has no momentum; pass cycleMomentum: false");
    this.apply();
  }

  override rate(base: number, count: number): number {
    const { maxLr = base, divFactor = 25, finalDivFactor = 1e4 } = this.options;
    const first = maxLr / divFactor;
    return this.along(count, [first, maxLr, first, first / finalDivFactor]);
  }

  protected override applyMore(): void {
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = this.options;
    if (!cycleMomentum) return;
    const momentum = this.along(this.steps, [maxMomentum, baseMomentum, maxMomentum, maxMomentum]);
    for (const g of this.groups) {
      if (g.betas) g.betas = [momentum, g.betas[1]];
      else g.momentum = momentum;
    }
  }

  /** Between the values at the start, the peak, the end of the fall and the end. Two phases skip the third value. */
  private along(count: number, [start, peak, back, end]: readonly [number, number, number, number]): number {
    const { totalSteps, pctStart = 0.3, threePhase = false, annealStrategy = "cos" } = this.options;
    const up = pctStart * totalSteps - 1;
    const points = threePhase
      ? [
          [0, start],
          [up, peak],
          [2 * pctStart * totalSteps - 2, back],
          [totalSteps - 1, end],
        ]
      : [
          [0, start],
          [up, peak],
          [totalSteps - 1, end],
        ];
    const after = points.findIndex(([t], i) => i > 0 && count <= t);
    const i = after < 0 ? points.length - 1 : after;
    const [[t0, v0], [t1, v1]] = [points[i - 1], points[i]];
    const part = t1 > t0 ? Math.min(1, (count - t0) / (t1 - t0)) : 1;
    if (annealStrategy === "linear") return v0 + (v1 - v0) * part;
    return v1 + ((v0 - v1) / 2) * (1 + Math.cos(Math.PI * part));
  }
}
