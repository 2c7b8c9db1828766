// LSTM over a sequence, one layer in one direction: i, f, o = sigmoid and g = tanh of x W_ih^T + h W_hh^T + biases,
// c' = f c + i g, h' = o tanh(c'). All input projections are one product; then one kernel a step (lstm_run.ts), and at
// the end of backward one product for each weight. Stacks of layers: src/layers/lstm.ts.

import { lowered } from "../tensor/autocast.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { linear } from "./linear.ts";
import { runLstm, runLstmBackward } from "./lstm_run.ts";
import { batchedMatmul } from "./matmul.ts";
import { asRows, oneBias, type RecurrentOptions, type RecurrentWeights, sequenceOf } from "./recurrent.ts";
import { composeLstm } from "./recurrent_composition.ts";
import { runStartBackward, type Sequence } from "./recurrent_run.ts";

export interface LstmOptions extends RecurrentOptions {
  /** Initial cell state [b, h]. Default: zeros. */
  readonly c0?: Tensor | null;
}

/**
 * Long short-term memory (one layer and direction of torch.nn.LSTM; Hochreiter & Schmidhuber 1997, with the forget gate of
 * Gers et al. 2000). Gates in PyTorch's order i, f, g, o.
 *
 * @param x f32 [t, b, in]
 * @param weights weightIh [4h, in], weightHh [4h, h], biasIh and biasHh [4h] or null
 * @returns [y [t, b, h], h_n [b, h], c_n [b, h]]; with lengths y is 0 past the end of each sequence, h_n and c_n stand at it
 * @throws ShapeError for shapes that do not fit or t = 0; OptionError for a length outside 1..t; DTypeError
 */
export function lstm(
  x: Tensor,
  weights: RecurrentWeights,
  options: LstmOptions = {},
): [y: Tensor, hN: Tensor, cN: Tensor] {
  const sequence = sequenceOf("lstm", 4, x, weights, options);
  const [h0, c0] = [lowered(options.h0 ?? null), lowered(options.c0 ?? null)];
  const gx = linear(x, weights.weightIh, oneBias(weights)); // [t, b, 4h]
  const w = lowered(weights.weightHh);
  const [y, hN, cN] = op(
    "lstm",
    [gx, w, h0, c0, sequence.lengths],
    () => {
      const [y, hN, cN, hp, saved] = runLstm(sequence, gx, w, h0, c0);
      const pullback = (dys: (Tensor | null)[]) => gradients(sequence, dys, { gx, w, h0, c0, hp, saved });
      return { outputs: [y, hN, cN, hp, saved], pullback };
    },
    (gx: Tensor, w: Tensor, h0: Tensor | null, c0: Tensor | null) => composeLstm(sequence, gx, w, h0, c0),
  );
  return [y!, hN!, cN!];
}

interface Kept extends Readonly<Record<"gx" | "w" | "hp" | "saved", Tensor>> {
  readonly h0: Tensor | null;
  readonly c0: Tensor | null;
}

/** [dgx, dw_hh, dh0, dc0]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(s: Sequence, dys: (Tensor | null)[], { gx, w, h0, c0, hp, saved }: Kept) {
  const [dz, dc] = op("lstmBackward", [...dys, w, saved], () => {
    const { dz, dc } = runLstmBackward(s, w, saved, dys);
    return { outputs: [dz, dc] };
  }) as [Tensor, Tensor];
  return [
    gx.requiresGrad ? dz : null, // [t, b, 4h]
    w.requiresGrad ? batchedMatmul(asRows(dz), asRows(hp), { transA: true }) : null, // [4h, h]
    h0?.requiresGrad ? runStartBackward(s, w, dz) : null, // [b, h]
    c0?.requiresGrad ? dc : null, // [b, h]
    null,
  ];
}
