// Attention to measure the variants of its kernels on (attention_choices.ts): heads first, no mask, no dropout.

import type { Device } from "../gpu/device.ts";
import { emptyLike } from "../tensor/create.ts";
import { callOf } from "./attention_check.ts";
import type { AttentionShape } from "./attention_choices.ts";
import {
  runKeyGradient,
  runQueryGradient,
  runRows,
  runWholeGradient,
  takesWhole,
} from "./attention_gradient_run.ts";
import type { AttentionPass } from "./attention_layout.ts";
import { runForward } from "./attention_run.ts";
import { operands, type TrialSetup } from "./trial_operands.ts";

export function attentionTrial(pass: AttentionPass, shape: AttentionShape, device: Device): TrialSetup {
  const { b, h, hk, t, s, d, causal } = shape;
  const [q, k, v, dy] = operands(device, [b, h, t, d], [b, hk, s, d], [b, hk, s, d], [b, h, t, d]);
  const call = callOf(q, k, v, shape, { order: "bhtd", joined: false }, { isCausal: causal });
  if (pass === "forward") return { run: () => [runForward(call, null).y], operands: [q, k, v, dy] };
  const { y, lse } = runForward(call, null);
  const rows = runRows(call, dy, y, lse, null);
  const queries = () => {
    const dq = emptyLike(q);
    runQueryGradient(call, dy, rows, dq, false);
    return [dq];
  };
  const keys = () => {
    const [dk, dv] = [emptyLike(k), emptyLike(v)];
    runKeyGradient(call, dy, rows, dk, dv);
    return [dk, dv];
  };
  const whole = () => {
    const all = [emptyLike(q), emptyLike(k), emptyLike(v)] as const;
    runWholeGradient(call, dy, rows, all);
    return all;
  };
  const run = () => {
    if (pass === "queries") return queries();
    if (pass === "keys") return keys();
    return takesWhole(call) ? whole() : [...queries(), ...keys()];
  };
  return { run, operands: [q, k, v, dy, rows] };
}
