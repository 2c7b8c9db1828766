// op(): how every operation joins the tape. `forward` computes and gives the pullback; the pullback is written with ops,
// so it can be differentiated again.

import { DeviceError } from "../gpu/errors.ts";
import { currentPath } from "../gpu/label.ts";
import { activeTrace } from "../gpu/trace.ts";
import { isFloat } from "./dtype.ts";
import { gradEnabled, noGrad } from "./mode.ts";
import { checkSaved, type Node, type Pullback } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

export interface OpResult {
  readonly outputs: readonly Tensor[];
  /** One gradient or null per output in, one gradient or null per input out. Left out: not differentiable. */
  readonly pullback?: Pullback;
}

export type OpInput = Tensor | null | undefined;

let nextNode = 0;

/**
 * Runs an operation and records it if an input requires a gradient.
 *
 * @param inputs every tensor that a gradient may flow to; null for one that was not given
 * @param forward computes the outputs with kernels. The pullback may capture only the inputs and outputs themselves:
 *   whatever else it needs (mean, log-sum-exp, gates) is a further output
 * @param composition the same function in plain ops: under `createGraph`, backward differentiates it instead of the pullback
 */
export function op(
  name: string,
  inputs: readonly OpInput[],
  forward: () => OpResult,
  composition?: (...inputs: never[]) => readonly Tensor[],
): readonly Tensor[] {
  const device = inputs.find((t) => t)?.device;
  let record = false;
  for (const t of inputs) {
    if (!t) continue;
    if (t.device !== device) throw new DeviceError(`${name}: tensors of two devices in one op`);
    void t.storage; // throws if released
    checkSaved(t, name);
    if (t.isLeaf) activeTrace()?.guard(() => t.requiresGrad, t);
    record ||= t.requiresGrad;
  }
  const { outputs, pullback } = noGrad(forward);
  if (!record || !pullback || !gradEnabled()) return outputs;

  const present = inputs.map((t) => t ?? null);
  const node: Node = {
    id: nextNode++,
    name,
    path: currentPath(),
    inputs: present,
    outputs,
    versions: [...present, ...outputs].map((t) => t?.storage.version ?? 0),
    pullback,
    composition: composition as Node["composition"],
  };
  outputs.forEach((t, i) => {
    if (!isFloat(t.dtype)) return;
    t.requiresGrad = true;
    t.node = node;
    t.nodeOutput = i;
  });
  return outputs;
}
