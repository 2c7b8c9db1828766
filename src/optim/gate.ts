// The gate of an optimizer under a gradient scaler: whether a step counts is decided on the GPU, and what depends on the count of
// steps is computed there. The host counts attempts, the GPU the skipped ones among them. Nothing of this runs without a scaler.

import type { Device } from "../gpu/device.ts";
import { HostScalar } from "../gpu/dispatch.ts";
import { HostState, hostEffect } from "../gpu/trace.ts";
import { type StepRule, stepControl } from "../kernels/step_control.ts";
import { fill } from "../tensor/primitives.ts";
import { emptyPersistent, type Tensor } from "../tensor/tensor.ts";

/** What a rule of step_control.wgsl needs; what it does not is left out. */
export type GateNumbers = Partial<Record<"lr" | "beta1" | "beta2" | "x" | "y", () => number>>;

export class StepGate {
  /** u32 [1]: not 0 while a gradient of this round is Inf or NaN. */
  readonly found: Tensor;
  /** [parameters] steps of each that were skipped. */
  readonly skipped: Tensor;
  /** True from the first gated step on: the host no longer knows the count of steps. */
  private readonly used = new HostState(false);
  /** Parameters that have not always stepped together with the one before them: their counts may differ. */
  private readonly parted = new Set<number>();

  constructor(count: number, device: Device) {
    this.found = fill(emptyPersistent([1], "u32", device, "optimizer found"), 0);
    this.skipped = fill(emptyPersistent([count], "f32", device, "optimizer skipped"), 0);
  }

  /** Whether the next step needs `control`. */
  opens(gated: boolean): boolean {
    if (!gated) return this.used.get();
    this.used.set(true);
    return true;
  }

  isParted(i: number): boolean {
    return this.parted.has(i);
  }

  /** Notes which of the parameters from `first` step now. */
  part(first: number, steps: readonly boolean[]): void {
    const fresh = steps.flatMap((s, i) =>
      i > 0 && s !== steps[i - 1] && !this.parted.has(first + i) ? [first + i] : [],
    );
    if (fresh.length === 0) return;
    hostEffect(() => {
      for (const i of fresh) this.parted.add(i);
      return () => {
        for (const i of fresh) this.parted.delete(i);
      };
    });
  }

  /** For guards. */
  pattern(): string {
    return [...this.parted].join();
  }

  /** Whether a stretch of parameters steps, and its numbers: [4], see step_control.wgsl. */
  control(
    gated: boolean,
    place: { first: number; count: number; attempted: () => number },
    rule: StepRule,
    { lr, beta1, beta2, x, y }: GateNumbers,
  ): Tensor {
    const scalar = (read?: () => number) => (read ? new HostScalar(read) : 0);
    // ln 0 is no number for a shader; e^-100 is 0 beside 1 all the same.
    const log = (beta?: () => number) => scalar(beta && (() => Math.max(Math.log(beta()), -100)));
    const numbers = { lr: scalar(lr), log1: log(beta1), log2: log(beta2), x: scalar(x), y: scalar(y) };
    const { found, skipped } = this;
    const at = { ...place, attempted: new HostScalar(place.attempted) };
    return stepControl({ found: gated ? found : null, skipped }, at, numbers, rule);
  }

  /** What a checkpoint needs: nothing, if no scaler was ever there. */
  tensors(): Map<string, Tensor> {
    return new Map(this.used.get() ? [["skipped", this.skipped]] : []);
  }

  state(): { parted?: readonly number[] } {
    return this.parted.size > 0 ? { parted: [...this.parted] } : {};
  }

  /** Takes up the state of a checkpoint; `found` tells whether it holds the tensors of a gate, which are loaded elsewhere. */
  load(parted: readonly number[], found: boolean): void {
    this.parted.clear();
    for (const i of parted) this.parted.add(i);
    this.used.set(found);
    if (!found) fill(this.skipped, 0);
  }
}
