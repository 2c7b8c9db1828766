// Dispatches of a GRU over a sequence: one a step in each direction. What they compute: gru_cell.wgsl.

import { kernel } from "../gpu/kernel.ts";
import { gruCellBackward, gruCell as gruCellShader } from "../gpu/shaders.gen.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { runStart, SAVED, type Sequence, tileOf, walk } from "./recurrent_run.ts";

const cell = kernel(gruCellShader);
const cellBackward = kernel(gruCellBackward);

/** [y, h_n, hp, saved] from gx [t, b, 3h]. */
export function runGru(s: Sequence, gx: Tensor, w_hh: Tensor, b_hh: Tensor | null, h0: Tensor | null) {
  const { steps, batch, hidden, lengths } = s;
  const make = (...shape: number[]) => empty(shape, "f32", gx.device);
  const hp = make(steps, batch, hidden);
  const saved = make(steps, batch, SAVED, hidden);
  const y = empty([steps, batch, hidden], gx.dtype, gx.device);
  const h_n = empty([batch, hidden], gx.dtype, gx.device);
  const fresh = runStart(s, { h0, hp });
  const { units, constants, ...options } = tileOf(s, w_hh, "forward");
  for (const params of walk(s, units, "forward", fresh)) {
    cell({ gx, w_hh, b_hh, lengths, hp, saved, y, h_n }, params, {
      ...options,
      constants: { ...constants, HAS_BIAS: b_hh !== null },
    });
  }
  return [y, h_n, hp, saved] as const;
}

/** Gradients of gx and of the hidden sums, both [t, b, 3h], and what goes past the gates to h0 [b, h]. */
export function runGruBackward(
  s: Sequence,
  w_hh: Tensor,
  saved: Tensor,
  [dy, dh_n]: readonly (Tensor | null)[],
) {
  const { steps, batch, hidden, lengths } = s;
  const make = (...shape: number[]) => empty(shape, "f32", w_hh.device);
  const dgx = make(steps, batch, 3 * hidden);
  const du = make(steps, batch, 3 * hidden);
  const carry = make(batch, hidden);
  const { units, constants, ...options } = tileOf(s, w_hh, "backward");
  for (const params of walk(s, units, "backward")) {
    cellBackward({ w_hh, saved, lengths, dy: dy ?? null, dh_n: dh_n ?? null, dgx, du, carry }, params, {
      ...options,
      constants: { ...constants, HAS_DY: dy !== null, HAS_DH: dh_n !== null },
    });
  }
  return { dgx, du, carry };
}
