// A sum to measure the reduction's variants on (reduce_choices.ts).

import type { Device } from "../gpu/device.ts";
import { sum } from "./reduce.ts";
import type { ReduceLayout } from "./reduce_layout.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

export function reduceTrial({ k1, r1, k2, r2, inner }: ReduceLayout, device: Device): TrialSetup {
  const [x] = operands(device, [k1, r1, k2, r2, inner]);
  return { run: () => [sum(x, [1, 3])], operands: [x] };
}
