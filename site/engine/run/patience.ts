// Early stopping (Prechelt 1998): a run ends when the validation loss has not gone below its lowest for `patience` epochs.

import type { ValidationPoint } from "../protocol.ts";

export class Patience {
  private points: readonly ValidationPoint[] = [];

  /** @param epochs 0: endless. */
  constructor(private readonly epochs: number) {}

  /** One more validation; in words why to stop here, or null. A point takes the place of those at or behind its step. */
  add(point: ValidationPoint): string | null {
    this.points = [...this.points.filter((p) => p.step < point.step), point];
    const losses = this.points.map((p) => p.loss);
    const best = losses.indexOf(Math.min(...losses));
    if (this.epochs === 0 || losses.length - 1 - best < this.epochs) return null;
    const { step } = this.points[best]!;
    return `Stopped: the validation loss has not improved for ${this.epochs} epochs. It was lowest at step ${step}.`;
  }

  /** Forgets what lies behind a step that the run went back to. */
  backTo(step: number): void {
    this.points = this.points.filter((p) => p.step <= step);
  }

  clear(): void {
    this.points = [];
  }
}
