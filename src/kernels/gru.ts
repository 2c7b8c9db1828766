// GRU over a sequence, one layer in one direction: r, z = sigmoid(gx + u), n = tanh(gx + r u) with gx = x W_ih^T + b_ih and
// u = h W_hh^T + b_hh, h' = (1 - z) n + z h. All input projections are one product; then one kernel a step (gru_run.ts),
// and at the end of backward one product for each weight. Stacks of layers: src/layers/gru.ts.

import { lowered } from "../tensor/autocast.ts";
import { op } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runGru, runGruBackward } from "./gru_run.ts";
import { linear } from "./linear.ts";
import { batchedMatmul } from "./matmul.ts";
import { asRows, columnSums, type RecurrentOptions, type RecurrentWeights, sequenceOf } from "./recurrent.ts";
import { composeGru } from "./recurrent_composition.ts";
import { runStartBackward, type Sequence } from "./recurrent_run.ts";

/**
 * Gated recurrent unit (one layer and direction of torch.nn.GRU; Cho et al. 2014, with b_hn inside the reset gate as cuDNN
 * has it). Gates in PyTorch's order r, z, n.
 *
 * @param x f32 [t, b, in]
 * @param weights weightIh [3h, in], weightHh [3h, h], biasIh and biasHh [3h] or null
 * @returns [y [t, b, h], h_n [b, h]]; with lengths y is 0 past the end of each sequence, and h_n stands at it
 * @throws ShapeError for shapes that do not fit or t = 0; OptionError for a length outside 1..t; DTypeError
 */
export function gru(
  x: Tensor,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): [y: Tensor, hN: Tensor] {
  const sequence = sequenceOf("gru", 3, x, weights, options);
  const h0 = lowered(options.h0 ?? null);
  const { biasHh: b = null } = weights;
  const w = lowered(weights.weightHh);
  const gx = linear(x, weights.weightIh, weights.biasIh); // [t, b, 3h]
  const [y, hN] = op(
    "gru",
    [gx, w, b, h0, sequence.lengths],
    () => {
      const [y, hN, hp, saved] = runGru(sequence, gx, w, b, h0);
      const pullback = (dys: (Tensor | null)[]) => gradients(sequence, dys, { gx, w, b, h0, hp, saved });
      return { outputs: [y, hN, hp, saved], pullback };
    },
    (gx: Tensor, w: Tensor, b: Tensor | null, h0: Tensor | null) => composeGru(sequence, gx, w, b, h0),
  );
  return [y!, hN!];
}

interface Kept extends Readonly<Record<"gx" | "w" | "hp" | "saved", Tensor>> {
  readonly b: Tensor | null;
  readonly h0: Tensor | null;
}

/** [dgx, dw_hh, db_hh, dh0]. Not differentiable again: under createGraph backward takes the composition. */
function gradients(s: Sequence, dys: (Tensor | null)[], { gx, w, b, h0, hp, saved }: Kept) {
  const [dgx, du, carry] = op("gruBackward", [...dys, w, saved], () => {
    const { dgx, du, carry } = runGruBackward(s, w, saved, dys);
    return { outputs: [dgx, du, carry] };
  }) as [Tensor, Tensor, Tensor];
  return [
    gx.requiresGrad ? dgx : null, // [t, b, 3h]
    w.requiresGrad ? batchedMatmul(asRows(du), asRows(hp), { transA: true }) : null, // [3h, h]
    b?.requiresGrad ? columnSums(du) : null, // [3h]
    h0?.requiresGrad ? runStartBackward(s, w, du, carry) : null, // [b, h]
    null,
  ];
}
