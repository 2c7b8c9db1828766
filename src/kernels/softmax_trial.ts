// Softmax to measure the teams of its rows on (softmax_choices.ts): random operands of the shape.

import type { Device } from "../gpu/device.ts";
import { zeros } from "../tensor/create.ts";
import { rowLosses } from "./cross_entropy_run.ts";
import { softmax, softmaxBackward } from "./softmax.ts";
import type { RowShape, SoftmaxPass } from "./softmax_choices.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

export function softmaxTrial(pass: SoftmaxPass, { rows, n, inner }: RowShape, device: Device): TrialSetup {
  const shape = [rows / inner, n, inner];
  const [x, dy] = operands(device, shape, shape);
  if (pass === "forward") return { run: () => [softmax(x, 1)], operands: [x, dy] };
  if (pass === "backward") return { run: () => [softmaxBackward(x, dy, 1)], operands: [x, dy] };
  const labels = zeros([rows / inner, inner], { dtype: "i32", device });
  const o = { reduction: "none", ignoreIndex: -1, labelSmoothing: 0 } as const;
  const run = () => {
    const { loss, stats } = rowLosses({ logits: x, labels, weight: null, o });
    return [loss, stats];
  };
  return { run, operands: [x, dy, labels] };
}
