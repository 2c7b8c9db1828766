// LSTM, GRU and RNN over a sequence in plain ops, a dozen a step: what createGraph differentiates, and what the kernels are
// tested and timed against.

import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { relu, sigmoid, tanh } from "./activation.ts";
import { add, mul, sub } from "./binary.ts";
import { gt } from "./compare.ts";
import { stack } from "./concat.ts";
import { linear } from "./linear.ts";
import type { Sequence } from "./recurrent_run.ts";
import { reshape } from "./reshape.ts";
import { select } from "./slice.ts";
import { chunk } from "./split.ts";
import { where } from "./where.ts";

/** One step: states [b, h] before -> after, the first of which is the output. */
type Step = (gx: Tensor, states: readonly Tensor[]) => readonly Tensor[];

/** [y, ...last states] */
function composed(s: Sequence, gx: Tensor, initial: readonly (Tensor | null)[], step: Step): Tensor[] {
  const ys: Tensor[] = []; // [b, h] each
  let states = initial.map((t) => t ?? zeros([s.batch, s.hidden], { device: gx.device }));
  for (let i = 0; i < s.steps; i++) {
    const t = s.reverse ? s.steps - 1 - i : i;
    const after = step(select(gx, 0, t), states);
    if (!s.lengths) {
      states = [...after];
      ys[t] = after[0];
      continue;
    }
    const active = reshape(gt(s.lengths, t), [s.batch, 1]);
    states = after.map((a, k) => where(active, a, states[k]));
    ys[t] = where(active, after[0], 0);
  }
  return [stack(ys, 0), ...states];
}

/** i, f, o = sigmoid, g = tanh of gx + h w_hh^T; c' = f c + i g, h' = o tanh(c'). */
export function composeLstm(
  s: Sequence,
  gx: Tensor,
  w: Tensor,
  h0: Tensor | null,
  c0: Tensor | null,
): Tensor[] {
  return composed(s, gx, [h0, c0], (gx, [h, c]) => {
    const [i, f, g, o] = chunk(add(gx, linear(h, w)), 4, 1);
    const cell = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(cell)), cell];
  });
}

/** r, z = sigmoid(gx + u), n = tanh(gx + r u), u = h w_hh^T + b_hh; h' = (1 - z) n + z h. */
export function composeGru(
  s: Sequence,
  gx: Tensor,
  w: Tensor,
  b: Tensor | null,
  h0: Tensor | null,
): Tensor[] {
  return composed(s, gx, [h0], (gx, [h]) => {
    const [xr, xz, xn] = chunk(gx, 3, 1);
    const [ur, uz, un] = chunk(linear(h, w, b), 3, 1);
    const z = sigmoid(add(xz, uz));
    const n = tanh(add(xn, mul(sigmoid(add(xr, ur)), un)));
    return [add(mul(sub(1, z), n), mul(z, h))];
  });
}

/** h' = tanh or relu of gx + h w_hh^T. */
export function composeRnn(
  s: Sequence,
  gx: Tensor,
  w: Tensor,
  h0: Tensor | null,
  useRelu: boolean,
): Tensor[] {
  const f = useRelu ? relu : tanh;
  return composed(s, gx, [h0], (gx, [h]) => [f(add(gx, linear(h, w)))]);
}
