// ctc: the loss of sequences without alignment, with torch.nn.functional.ctc_loss's arguments. The kernels: kernels/ctc.ts.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { div } from "../kernels/binary.ts";
import { cast } from "../kernels/cast.ts";
import { ctcLosses } from "../kernels/ctc.ts";
import { maximum } from "../kernels/extremes.ts";
import { indexSelectOrZero } from "../kernels/gather.ts";
import { reshape } from "../kernels/reshape.ts";
import { raised } from "../tensor/autocast.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type LossOptions, reduced } from "./loss_reduction.ts";

export interface CtcOptions extends LossOptions {
  /** The class of no label. Default 0. */
  readonly blank?: number;
  /** A sample that no alignment fits has loss 0 instead of infinity. Default false. */
  readonly zeroInfinity?: boolean;
}

/** Per sample: numbers, or i32 [n]. */
export type CtcLengths = readonly number[] | Tensor;

/**
 * -log of the probability that x spells the targets (torch.nn.functional.ctc_loss). "mean", the default, divides each loss
 * by the length of its target, at least 1, and takes the mean over samples.
 *
 * The gradient is that of the formula in x: minus the probability of each class at each time. PyTorch adds e^x, which
 * logSoftmax cancels: behind it both agree. A sample without alignment has gradient 0 (PyTorch without zeroInfinity: NaN).
 *
 * @param x log-probabilities [steps, n, classes], or [steps, classes] for one sample: then all else is of one sample too
 * @param targets i32 [n, width], or one after the other [sum of lengths], which takes targetLengths as numbers
 * @throws ShapeError, DTypeError; OptionError for a blank that is no class or a length out of range
 */
export function ctc(
  x: Tensor,
  targets: Tensor,
  inputLengths: CtcLengths,
  targetLengths: CtcLengths,
  { blank = 0, zeroInfinity = false, reduction = "mean" }: CtcOptions = {},
): Tensor {
  x = raised(x);
  if (x.rank === 2) {
    const batch = reshape(x, [x.shape[0], 1, x.shape[1]]);
    const row = reshape(targets, [1, targets.size]);
    const one = (t: CtcLengths) => (t instanceof Tensor ? reshape(t, [1]) : t);
    const options = { blank, zeroInfinity, reduction: reduction === "none" ? "sum" : reduction } as const;
    return ctc(batch, row, one(inputLengths), one(targetLengths), options);
  }
  const labels = targets.rank === 1 ? padded(targets, targetLengths) : targets;
  const call = {
    ...{ x, labels, blank, zeroInfinity },
    inputLengths: lengthsOf("input lengths", inputLengths, x.shape[0], x),
    targetLengths: lengthsOf("target lengths", targetLengths, labels.shape[1], x),
  };
  const losses = ctcLosses(call);
  if (reduction !== "mean") return reduced("ctc", losses, reduction);
  return reduced("ctc", div(losses, maximum(cast(call.targetLengths, losses.dtype), 1)), "mean");
}

function lengthsOf(what: string, lengths: CtcLengths, most: number, x: Tensor): Tensor {
  if (lengths instanceof Tensor) return lengths;
  const wrong = lengths.find((n) => !Number.isInteger(n) || n < 0 || n > most);
  if (wrong !== undefined) throw new OptionError(`ctc: ${what} must be in 0..${most}, got ${wrong}`);
  return tensor(Int32Array.from(lengths), { device: x.device });
}

/** Targets one after the other as rows; what lies beyond a row's length is not read. */
function padded(targets: Tensor, lengths: CtcLengths): Tensor {
  if (lengths instanceof Tensor)
    throw new OptionError("ctc: targets one after the other need target lengths as numbers");
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (sum !== targets.size)
    throw new ShapeError(`ctc: targets must be [${sum}] by their lengths, got ${formatShape(targets.shape)}`);
  const width = Math.max(0, ...lengths);
  const index = new Int32Array(lengths.length * width).fill(-1);
  let from = 0;
  lengths.forEach((n, row) => {
    for (let k = 0; k < n; k++) index[row * width + k] = from++;
  });
  const rows = indexSelectOrZero(targets, 0, tensor(index, { device: targets.device }));
  return reshape(rows, [lengths.length, width]);
}
