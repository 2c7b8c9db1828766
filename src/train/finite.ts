// A run whose loss is no number any more is stopped: at which step it happened is counted on the device, and which tensor is
// named.

import type { Device } from "../gpu/device.ts";
import { NotFiniteError } from "../gpu/errors.ts";
import { mul } from "../kernels/binary.ts";
import { cast } from "../kernels/cast.ts";
import { isfinite } from "../kernels/finite.ts";
import type { Module } from "../layers/module.ts";
import { noGrad } from "../tensor/mode.ts";
import { addInto, copyInto, fill } from "../tensor/primitives.ts";
import { emptyPersistent, type Tensor } from "../tensor/tensor.ts";
import { MeanMetric } from "./metrics/counting.ts";

/** Mean of the loss since the last reset, and how many steps had a finite one. `update` is dispatches, so it runs inside compile. */
export class LossMean extends MeanMetric {
  private readonly finite: Tensor; // [] 1 until a loss was not finite, then 0 for good
  private readonly steps: Tensor; // []

  constructor(device: Device) {
    super(device);
    this.finite = emptyPersistent([], "f32", device, "finite");
    this.steps = emptyPersistent([], "f32", device, "finite steps");
    fill(this.finite, 1);
    fill(this.steps, 0);
  }

  /** @param loss [] the mean over `samples` samples */
  override update(loss: Tensor, samples: number): void {
    super.update(loss, samples);
    noGrad(() => {
      copyInto(this.finite, mul(this.finite, cast(isfinite(loss), "f32")));
      addInto(this.steps, this.finite);
    });
  }

  /** Steps in all before the first loss that is not finite; `reset` leaves them. */
  finiteSteps(): Promise<number> {
    return this.steps.item();
  }
}

/** Throws NotFiniteError: the loss of `step` was not finite. Says which parameters still are. */
export async function stopNotFinite(step: number, model: Module): Promise<never> {
  const names: string[] = [];
  let count = 0;
  for (const [name, t] of model.stateDict()) {
    count++;
    if (t.dtype === "f32" && !(await t.data()).every(Number.isFinite)) names.push(name);
  }
  const first = names[0];
  const lost = first
    ? `${names.length} of ${count} tensors of the model are not finite since, the first is ${first}`
    : "the model is still finite";
  throw new NotFiniteError(
    `the loss of step ${step} is not finite; ${lost}. A lower learning rate or clipped gradients (clipNorm) may help`,
    step,
    first ?? "loss",
  );
}

/** Throws NotFiniteError if the data of a batch hold NaN or infinity, naming field, place and step. */
export function checkFinite(field: string, data: ArrayLike<number>, perSample: number, step: number): void {
  if (!(data instanceof Float32Array)) return;
  const at = data.findIndex((v) => !Number.isFinite(v));
  if (at < 0) return;
  const where = `sample ${Math.floor(at / perSample)} of the batch of step ${step}, element ${at % perSample}`;
  throw new NotFiniteError(`the data ${field} hold ${data[at]} (${where})`, step, field);
}
