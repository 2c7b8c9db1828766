// Dispatches of an Elman RNN over a sequence: one a step in each direction. What they compute: rnn_cell.wgsl.

import { kernel } from "../gpu/kernel.ts";
import { rnnCellBackward, rnnCell as rnnCellShader } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { runStart, type Sequence, tileOf, walk } from "./recurrent_run.ts";

const cell = kernel(rnnCellShader);
const cellBackward = kernel(rnnCellBackward);

/** [y, h_n, hp] from gx [t, b, h]. */
export function runRnn(s: Sequence, gx: Tensor, w_hh: Tensor, h0: Tensor | null, relu: boolean) {
  const { steps, batch, hidden, lengths } = s;
  const hp = empty([steps, batch, hidden], "f32", gx.device);
  const y = empty([steps, batch, hidden], gx.dtype, gx.device);
  const h_n = empty([batch, hidden], gx.dtype, gx.device);
  const fresh = runStart(s, { h0, hp });
  const { units, constants, ...options } = tileOf(s, w_hh, "forward");
  for (const params of walk(s, units, "forward", fresh)) {
    cell({ gx, w_hh, lengths, hp, y, h_n }, params, { ...options, constants: { ...constants, RELU: relu } });
  }
  return [y, h_n, hp] as const;
}

/** Gradient of the sums under the nonlinearity [t, b, h]. */
export function runRnnBackward(
  s: Sequence,
  w_hh: Tensor,
  y: Tensor,
  [dy, dh_n]: readonly (Tensor | null)[],
  relu: boolean,
): Tensor {
  const { steps, batch, hidden, lengths } = s;
  const dz = empty([steps, batch, hidden], "f32", w_hh.device);
  const { units, constants, ...options } = tileOf(s, w_hh, "backward");
  for (const params of walk(s, units, "backward")) {
    cellBackward({ w_hh, y, lengths, dy: dy ?? null, dh_n: dh_n ?? null, dz }, params, {
      ...options,
      constants: { ...constants, RELU: relu, HAS_DY: dy !== null, HAS_DH: dh_n !== null },
    });
  }
  return dz;
}
