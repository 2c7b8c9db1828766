// Dispatches of an LSTM over a sequence: one a step in each direction. What they compute: lstm_cell.wgsl.

import { kernel } from "../gpu/kernel.ts";
import { lstmCellBackward, lstmCell as lstmCellShader } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { runStart, SAVED, type Sequence, tileOf, walk } from "./recurrent_run.ts";

const cell = kernel(lstmCellShader);
const cellBackward = kernel(lstmCellBackward);

/** [y, h_n, c_n, hp, saved] from gx [t, b, 4h]. */
export function runLstm(s: Sequence, gx: Tensor, w_hh: Tensor, h0: Tensor | null, c0: Tensor | null) {
  const { steps, batch, hidden, lengths } = s;
  const make = (...shape: number[]) => empty(shape, "f32", gx.device);
  const hp = make(steps, batch, hidden);
  const saved = make(steps, batch, SAVED, hidden);
  const result = (...shape: number[]) => empty(shape, gx.dtype, gx.device);
  const y = result(steps, batch, hidden);
  const [h_n, c_n] = [result(batch, hidden), result(batch, hidden)];
  const fresh = runStart(s, { h0, c0, hp, saved });
  const { units, ...options } = tileOf(s, w_hh, "forward");
  for (const params of walk(s, units, "forward", fresh)) {
    cell({ gx, w_hh, lengths, hp, saved, y, h_n, c_n }, params, options);
  }
  return [y, h_n, c_n, hp, saved] as const;
}

/** Gradients of the gates' sums [t, b, 4h] and of c0 [b, h]. */
export function runLstmBackward(
  s: Sequence,
  w_hh: Tensor,
  saved: Tensor,
  [dy, dh_n, dc_n]: readonly (Tensor | null)[],
) {
  const { steps, batch, hidden, lengths } = s;
  const dz = empty([steps, batch, 4 * hidden], "f32", w_hh.device);
  const dc = empty([batch, hidden], "f32", w_hh.device);
  const { units, constants, ...options } = tileOf(s, w_hh, "backward");
  const given = { HAS_DY: dy !== null, HAS_DH: dh_n !== null, HAS_DC: dc_n !== null };
  for (const params of walk(s, units, "backward")) {
    cellBackward(
      { w_hh, saved, lengths, dy: dy ?? null, dh_n: dh_n ?? null, dc_n: dc_n ?? null, dz, dc },
      params,
      {
        ...options,
        constants: { ...constants, ...given },
      },
    );
  }
  return { dz, dc };
}
