// Connectionist temporal classification (Graves et al. 2006): -log of the probability of all alignments of a label sequence
// with a longer input, computed in logarithms on the GPU. The loss with its reductions: functional/ctc_loss.ts.

import { DTypeError, OptionError, ShapeError } from "../gpu/errors.ts";
import { floatOf, isFloat } from "../tensor/dtype.ts";
import { op } from "../tensor/op.ts";
import { castFloat } from "../tensor/primitives.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { composeCtc } from "./ctc_composition.ts";
import { type CtcCall, runCtc, runCtcGradient } from "./ctc_run.ts";

/**
 * The loss of every sample, [batch].
 *
 * @throws ShapeError, DTypeError or OptionError for a call that does not fit
 */
export function ctcLosses(call: CtcCall): Tensor {
  checkCall(call);
  const { x, labels, inputLengths, targetLengths } = call;
  const [loss] = op(
    "ctc",
    [x, labels, inputLengths, targetLengths],
    () => {
      const { loss, walk, total } = runCtc(call);
      return {
        outputs: [loss, walk, total],
        pullback: ([dy]) => [dy && runCtcGradient(call, walk, total, dy), null, null, null],
      };
    },
    (x: Tensor, labels: Tensor, inputLengths: Tensor, targetLengths: Tensor) => [
      composeCtc({ ...call, x, labels, inputLengths, targetLengths }),
    ],
  );
  return castFloat(loss, floatOf(x.dtype));
}

function checkCall({ x, labels, inputLengths, targetLengths, blank }: CtcCall): void {
  if (!isFloat(x.dtype) || [labels, inputLengths, targetLengths].some((t) => t.dtype !== "i32")) {
    throw new DTypeError(
      `ctc: needs f32 or f16 log-probabilities, i32 labels and lengths, got ${x.dtype}, ${labels.dtype}, ${inputLengths.dtype}, ${targetLengths.dtype}`,
    );
  }
  const [steps, batch, classes] = x.shape;
  if (x.rank !== 3 || steps === 0 || batch === 0 || labels.rank !== 2 || labels.shape[0] !== batch) {
    throw new ShapeError(
      `ctc: needs x [steps,batch,classes] and labels [batch,width], x ${formatShape(x.shape)}, labels ${formatShape(labels.shape)}`,
    );
  }
  for (const lengths of [inputLengths, targetLengths]) {
    if (lengths.rank === 1 && lengths.size === batch) continue;
    throw new ShapeError(`ctc: lengths must be [${batch}], got ${formatShape(lengths.shape)}`);
  }
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new OptionError(`ctc: blank must be a class of ${classes}, got ${blank}`);
}
