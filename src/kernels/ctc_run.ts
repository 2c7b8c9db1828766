// Dispatches of ctc.ts: the walk forward, which gives the losses, and the walk back with the gradient.

import { grid1d, kernel } from "../gpu/kernel.ts";
import { ctcGradient, ctcWalk } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

const walkKernel = kernel(ctcWalk);
const gradientKernel = kernel(ctcGradient);
const WG = 64;

/** A batch as the kernels want it. */
export interface CtcCall {
  readonly x: Tensor; // [steps, batch, classes], log-probabilities
  readonly labels: Tensor; // [batch, width] i32
  readonly inputLengths: Tensor; // [batch] i32
  readonly targetLengths: Tensor; // [batch] i32
  readonly blank: number;
  readonly zeroInfinity: boolean;
}

interface Walk {
  readonly loss: Tensor; // [batch]
  readonly walk: Tensor; // [batch, steps, 2 width + 1]
  readonly total: Tensor; // [batch]
}

export function runCtc(call: CtcCall): Walk {
  return runWalk(call, false);
}

/** dx [steps, batch, classes] */
export function runCtcGradient(call: CtcCall, alpha: Tensor, total: Tensor, dy: Tensor): Tensor {
  const { x, labels, inputLengths, targetLengths, blank } = call;
  const [steps, batch, classes] = x.shape;
  const back = runWalk(call, true);
  const dx = empty(x.shape, "f32", x.device);
  gradientKernel(
    {
      ...{ labels, input_lengths: inputLengths, target_lengths: targetLengths },
      ...{ alpha, beta: back.walk, total, dy, dx },
    },
    { size: dx.size, steps, batch, classes, width: labels.shape[1], blank },
    { grid: grid1d(Math.ceil(dx.size / WG)), label: "ctcBackward" },
  );
  for (const t of [back.walk, back.loss, back.total]) t.release("ctc");
  return dx;
}

function runWalk(call: CtcCall, backward: boolean): Walk {
  const { x, labels, inputLengths, targetLengths, blank, zeroInfinity } = call;
  const [steps, batch, classes] = x.shape;
  const width = labels.shape[1];
  const make = (...shape: number[]) => empty(shape, "f32", x.device);
  const [loss, walk, total] = [make(batch), make(batch, steps, 2 * width + 1), make(batch)];
  walkKernel(
    { x, labels, input_lengths: inputLengths, target_lengths: targetLengths, walk, total, loss },
    { steps, batch, classes, width, blank, infinite: zeroInfinity ? 0 : Number.POSITIVE_INFINITY },
    { grid: grid1d(batch), constants: { BACKWARD: backward }, label: backward ? "ctcBackward" : "ctc" },
  );
  return { loss, walk, total };
}
