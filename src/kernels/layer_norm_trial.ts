// Layer norm to measure the teams of its rows on (layer_norm_choices.ts): random operands of the shape.

import type { Device } from "../gpu/device.ts";
import type { LayerNormPass, LayerNormShape } from "./layer_norm_choices.ts";
import { runBackward, runBackwardSums, runForward } from "./layer_norm_run.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

const EPS = 1e-5;

export function layerNormTrial(pass: LayerNormPass, { rows, d }: LayerNormShape, device: Device): TrialSetup {
  const [x, dy, weight, bias] = operands(device, [rows, d], [rows, d], [d], [d]);
  if (pass === "forward") {
    const run = () => {
      const { y, mean, rstd } = runForward(x, [d], weight, bias, EPS);
      return [y, mean, rstd];
    };
    return { run, operands: [x, dy, weight, bias] };
  }
  const { y, ...statistics } = runForward(x, [d], weight, bias, EPS);
  const given = [x, dy, weight, bias, y, statistics.mean, statistics.rstd];
  if (pass === "backward") return { run: () => [runBackward(dy, x, statistics, weight)], operands: given };
  const run = () => {
    const { dx, dweight, dbias } = runBackwardSums(dy, x, statistics, weight, [d]);
    return [dx, dweight, dbias];
  };
  return { run, operands: given };
}
