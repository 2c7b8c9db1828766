// What a model is and costs, without weights and without running it.

import { currentDevice, type Device } from "../gpu/device.ts";
import { WgradError } from "../gpu/errors.ts";
import { CATALOGUE } from "../models/catalogue.ts";
import { noGrad } from "../tensor/mode.ts";
import { skipInit } from "../tensor/parameter.ts";
import { survey } from "../tensor/survey.ts";

export interface ModelFacts {
  readonly name: string;
  /** Elements of all parameters, shared ones once. */
  readonly parameters: number;
  /** Keys of the state dict. */
  readonly entries: number;
  /** Shapes of what forward takes of one sample. */
  readonly inputs: readonly (readonly number[])[];
  /** Floating-point operations of a forward pass of one sample, a multiply-add as two; null where the adapter cannot hold it. */
  readonly flops: number | null;
  /** Bytes of all that such a pass makes: what training keeps of a sample at most. */
  readonly activationBytes: number | null;
  /** Why it does not run here: a tensor beyond the adapter's limits. */
  readonly fault?: string;
}

/** Facts of an entry of the catalogue. Nothing is computed, and no memory taken for the weights. */
export function modelFacts(name: string, device: Device = currentDevice()): ModelFacts {
  const { make, inputs } = CATALOGUE[name]!;
  const shapes = inputs.map((x) => x.shape);
  const facts = { name, parameters: 0, entries: 0, inputs: shapes, flops: null, activationBytes: null };
  try {
    const model = skipInit(make).eval();
    const parameters = model.parameters();
    const counts = {
      parameters: parameters.reduce((n, p) => n + p.size, 0),
      entries: model.stateDict().size,
    };
    const forward = model.forward.bind(model) as (...x: unknown[]) => unknown;
    const { flops, madeBytes } = survey((...x) => noGrad(() => forward(...x)), inputs, device, parameters);
    return { ...facts, ...counts, flops, activationBytes: madeBytes };
  } catch (error) {
    if (!(error instanceof WgradError)) throw error;
    return { ...facts, fault: error.message };
  }
}
