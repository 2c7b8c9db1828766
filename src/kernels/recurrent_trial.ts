// A few steps of a recurrence to measure its tiles on (recurrent_choices.ts): random operands of the shape.

import type { Device } from "../gpu/device.ts";
import { mul } from "./binary.ts";
import { runGru, runGruBackward } from "./gru_run.ts";
import { runLstm, runLstmBackward } from "./lstm_run.ts";
import type { RecurrentPass, RecurrentShape } from "./recurrent_choices.ts";
import type { Sequence } from "./recurrent_run.ts";
import { runRnn, runRnnBackward } from "./rnn_run.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

const STEPS = 4;

export function recurrentTrial(pass: RecurrentPass, shape: RecurrentShape, device: Device): TrialSetup {
  const { gates, batch, hidden } = shape;
  const s: Sequence = { ...shape, steps: STEPS, reverse: false, lengths: null };
  const [gx, normal, dy] = operands(
    device,
    [STEPS, batch, gates * hidden],
    [gates * hidden, hidden],
    [STEPS, batch, hidden],
  );
  const w = mul(normal, 1 / Math.sqrt(hidden)); // as trained ones: large sums would all saturate
  const forward = () => {
    if (gates === 4) return runLstm(s, gx, w, null, null);
    return gates === 3 ? runGru(s, gx, w, null, null) : runRnn(s, gx, w, null, false);
  };
  if (pass === "forward") return { run: () => forward().slice(0, 2), operands: [gx, w, dy] };
  const results = forward();
  const [y, saved] = [results[0], results[results.length - 1]];
  const run = () => {
    if (gates === 4) return Object.values(runLstmBackward(s, w, saved, [dy, null, null]));
    if (gates === 3) return Object.values(runGruBackward(s, w, saved, [dy, null]));
    return [runRnnBackward(s, w, y, [dy, null], false)];
  };
  return { run, operands: [gx, w, dy, ...results] };
}
