// ctc in plain ops, one state vector a step: what createGraph differentiates. Many dispatches a step; ctc.ts has three in
// all.

import { arange, type CreateOptions, full } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./binary.ts";
import { broadcastTo } from "./broadcast.ts";
import { eq, ge, gt, le, logicalAnd, lt, ne } from "./compare.ts";
import { cat, stack } from "./concat.ts";
import type { CtcCall } from "./ctc_run.ts";
import { gatherOrZero } from "./gather.ts";
import { logsumexp } from "./logsumexp.ts";
import { pad } from "./pad.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";
import { narrow, select } from "./slice.ts";
import { where } from "./where.ts";

/** log 0, as in ctc_walk.wgsl. */
const NEVER = -1e30;

/** The losses [batch]. */
export function composeCtc({ x, labels, inputLengths, targetLengths, blank, zeroInfinity }: CtcCall): Tensor {
  const [steps, batch] = x.shape;
  const width = labels.shape[1];
  const states = 2 * width + 1;
  const i32: CreateOptions = { dtype: "i32", device: x.device };
  const blanks = full([batch, width], blank, i32);
  const pairs = reshape(stack([blanks, labels], 2), [batch, 2 * width]);
  const own = cat([pairs, full([batch, 1], blank, i32)], 1); // [batch, states]
  const at = arange(0, states, 1, i32); // [states]
  const index = broadcastTo(reshape(own, [batch, 1, states]), [batch, steps, states]);
  const emissions = gatherOrZero(permute(x, [1, 0, 2]), 2, index); // [batch, steps, states]
  // A step of two leaves out a blank, which only different labels allow.
  const before = pad(
    narrow(own, 1, 0, Math.max(states - 2, 0)),
    [states - Math.max(states - 2, 0), 0],
    blank,
  );
  const skips = logicalAnd(logicalAnd(ne(own, blank), ne(own, before)), gt(at, 2));

  let now = where(lt(at, 2), select(emissions, 1, 0), NEVER); // [batch, states]
  for (let t = 1; t < steps; t++) {
    const one = pad(narrow(now, 1, 0, states - 1), [1, 0], NEVER);
    const two = states < 3 ? one : pad(narrow(now, 1, 0, states - 2), [2, 0], NEVER);
    const ways = states < 3 ? [now, one] : [now, one, where(skips, two, NEVER)];
    const next = add(logsumexp(stack(ways, 2), 2), select(emissions, 1, t));
    now = where(reshape(gt(inputLengths, t), [batch, 1]), next, now);
  }
  const last = reshape(mul(targetLengths, 2), [batch, 1]);
  const ends = logicalAnd(ge(at, sub(last, 1)), le(at, last));
  const started = where(reshape(gt(inputLengths, 0), [batch, 1]), now, where(eq(add(last, at), 0), 0, NEVER));
  const total = logsumexp(where(ends, started, NEVER), 1); // [batch]
  const never = le(total, 0.5 * NEVER);
  return where(never, zeroInfinity ? 0 : Number.POSITIVE_INFINITY, mul(total, -1));
}
