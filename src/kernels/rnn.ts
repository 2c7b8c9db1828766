// Elman RNN over a sequence, one layer in one direction: h' = tanh (or relu) of x W_ih^T + h W_hh^T + biases. All input
// projections are one product; then one kernel a step (rnn_run.ts), and at the end of backward one product for each
// weight. Stacks of layers: src/layers/rnn.ts.

import { OptionError } from "../gpu/errors.ts";
import { lowered } from "../tensor/autocast.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { linear } from "./linear.ts";
import { batchedMatmul } from "./matmul.ts";
import { asRows, oneBias, type RecurrentOptions, type RecurrentWeights, sequenceOf } from "./recurrent.ts";
import { composeRnn } from "./recurrent_composition.ts";
import { runStartBackward, type Sequence } from "./recurrent_run.ts";
import { runRnn, runRnnBackward } from "./rnn_run.ts";

export type RnnNonlinearity = "tanh" | "relu";

export interface RnnOptions extends RecurrentOptions {
  /** Default tanh. */
  readonly nonlinearity?: RnnNonlinearity;
}

/**
 * Recurrent network (one layer and direction of torch.nn.RNN; Elman 1990).
 *
 * @param x f32 [t, b, in]
 * @param weights weightIh [h, in], weightHh [h, h], biasIh and biasHh [h] or null
 * @returns [y [t, b, h], h_n [b, h]]; with lengths y is 0 past the end of each sequence, and h_n stands at it
 * @throws ShapeError for shapes that do not fit or t = 0; OptionError for a length outside 1..t or an unknown
 *   nonlinearity; DTypeError
 */
export function rnn(x: Tensor, weights: RecurrentWeights, options: RnnOptions = {}): [y: Tensor, hN: Tensor] {
  const relu = isRelu("rnn", options.nonlinearity);
  const sequence = sequenceOf("rnn", 1, x, weights, options);
  const h0 = lowered(options.h0 ?? null);
  const gx = linear(x, weights.weightIh, oneBias(weights)); // [t, b, h]
  const w = lowered(weights.weightHh);
  const [y, hN] = op(
    "rnn",
    [gx, w, h0, sequence.lengths],
    () => {
      const [y, hN, hp] = runRnn(sequence, gx, w, h0, relu);
      const pullback = (dys: (Tensor | null)[]) => gradients(sequence, dys, { gx, w, h0, hp, y }, relu);
      return { outputs: [y, hN, hp], pullback };
    },
    (gx: Tensor, w: Tensor, h0: Tensor | null) => composeRnn(sequence, gx, w, h0, relu),
  );
  return [y!, hN!];
}

/** True for relu, false for tanh, the default; OptionError for anything else. */
export function isRelu(name: string, nonlinearity: RnnNonlinearity = "tanh"): boolean {
  if (nonlinearity === "tanh" || nonlinearity === "relu") return nonlinearity === "relu";
  throw new OptionError(`${name}: nonlinearity must be tanh or relu, got ${nonlinearity}`);
}

interface Kept extends Readonly<Record<"gx" | "w" | "hp" | "y", Tensor>> {
  readonly h0: Tensor | null;
}

/** [dgx, dw_hh, dh0]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(s: Sequence, dys: (Tensor | null)[], { gx, w, h0, hp, y }: Kept, relu: boolean) {
  const [dz] = op("rnnBackward", [...dys, w, y], () => ({
    outputs: [runRnnBackward(s, w, y, dys, relu)],
  })) as [Tensor];
  return [
    gx.requiresGrad ? dz : null, // [t, b, h]
    w.requiresGrad ? batchedMatmul(asRows(dz), asRows(hp), { transA: true }) : null, // [h, h]
    h0?.requiresGrad ? runStartBackward(s, w, dz) : null, // [b, h]
    null,
  ];
}
