// When a run takes its next snapshot: when so many steps and so much time have both passed since the last.

/** Half of what may be lost, since the values come late. */
const EVERY = { steps: 5, ms: 1500 };

export class SnapshotDue {
  private at = { step: 0, ms: performance.now() };

  taken(step: number): void {
    this.at = { step, ms: performance.now() };
  }

  is(step: number): boolean {
    return step - this.at.step >= EVERY.steps && performance.now() - this.at.ms >= EVERY.ms;
  }
}
