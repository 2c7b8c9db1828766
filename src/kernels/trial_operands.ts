// Operands to measure kernels on: random, from a stream of their own, so that tuning moves no other.

import type { Device } from "../gpu/device.ts";
import { randn } from "../tensor/create.ts";
import { Generator } from "../tensor/philox.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TrialRun } from "./trial_timing.ts";

export interface TrialSetup {
  /** The op, by whatever variant the device's tuning says. */
  readonly run: TrialRun;
  /** To be released when the trial is over. */
  readonly operands: readonly Tensor[];
}

/** Normal, f32. */
export function operands<const S extends readonly Shape[]>(
  device: Device,
  ...shapes: S
): { [K in keyof S]: Tensor } {
  const generator = new Generator(0);
  return shapes.map((shape) => randn(shape, { device, generator })) as { [K in keyof S]: Tensor };
}
