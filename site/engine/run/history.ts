// The weights of earlier steps, on the CPU: of every step at first, then of every second, fourth, ... so that few are kept and
// they stay evenly spread.

import type { HostTensor } from "../reading.ts";

export type Weights = ReadonlyMap<string, HostTensor>;

const MOST_ENTRIES = 60;
const FEWEST_ENTRIES = 4;
const MOST_BYTES = 64 * 2 ** 20;

export class History {
  private readonly kept = new Map<number, Weights>();
  private every = 1;

  /** Whether the weights of this step are wanted. */
  wants(step: number): boolean {
    return step % this.every === 0 && !this.kept.has(step);
  }

  put(step: number, weights: Weights): void {
    if (step % this.every !== 0) return; // thinned out while it was read
    this.kept.set(step, weights);
    const bytes = [...weights.values()].reduce((n, { data }) => n + data.byteLength, 0);
    const most = Math.max(
      FEWEST_ENTRIES,
      Math.min(MOST_ENTRIES, Math.floor(MOST_BYTES / Math.max(bytes, 1))),
    );
    while (this.kept.size > most) {
      this.every *= 2;
      for (const s of this.kept.keys()) if (s % this.every !== 0) this.kept.delete(s);
    }
  }

  /** Forgets what came after a step that the run went back to. */
  backTo(step: number): void {
    for (const s of this.kept.keys()) if (s > step) this.kept.delete(s);
  }

  clear(): void {
    this.kept.clear();
    this.every = 1;
  }

  steps(): number[] {
    return [...this.kept.keys()].sort((a, b) => a - b);
  }

  get(step: number): Weights | undefined {
    return this.kept.get(step);
  }
}
