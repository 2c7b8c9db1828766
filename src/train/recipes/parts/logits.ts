// The logits of a classifier for every sample of some data, in their order: what curves, intervals and calibration are made of.

import type { DataLoader } from "../../../data/loader.ts";
import { currentDevice } from "../../../gpu/device.ts";
import { compile, type HostArray } from "../../../tensor/compile.ts";
import { noGrad } from "../../../tensor/mode.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Classifier } from "../../fit.ts";

/**
 * Reads them to the host, in evaluation mode; the mode it was in is restored. Compiled at the first call: for models that are
 * judged again and again.
 */
export function logitsReader(model: Classifier): (data: DataLoader<"x" | "y">) => Promise<Float64Array> {
  const forward = compile((x: Tensor) => noGrad(() => model.forward(x)));
  return async (data) => {
    const parts: number[] = [];
    const before = model.training;
    model.eval();
    for (let i = 0; i < data.length; i++) {
      const logits = forward(data.at(0, i).x as HostArray); // [b, classes]
      for (const value of await logits.data()) parts.push(value);
      logits.release("logitsReader");
      currentDevice().errors.raise();
    }
    model.train(before);
    return Float64Array.from(parts);
  };
}
