// Rows of the ops that keep the shape and move elements along axes: flip and roll.
import { OptionError } from "../../gpu/errors.ts";
import { flip } from "../../kernels/flip.ts";
import { roll } from "../../kernels/roll.ts";
import { at, build, type Nd } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { mover, range, refuses, taken, wrap } from "./shape_rows.ts";

function rolled(x: Nd, shifts: number | readonly number[], axes?: number | readonly number[]): Nd {
  if (axes === undefined) {
    const n = x.data.length;
    const by = typeof shifts === "number" ? shifts : shifts[0];
    return build(x.shape, (_, i) => x.data[(((i - by) % n) + n) % n]);
  }
  const [s, a] = [[shifts].flat(), [axes].flat()];
  return a.reduce((t, axis, k) => {
    const on = wrap(axis, t.shape.length);
    const n = t.shape[on];
    return build(t.shape, (i) => at(t, i.with(on, (((i[on] - s[k]) % n) + n) % n)));
  }, x);
}

export const reorderingRecords = [
  mover(
    "flip",
    flip,
    (x, axes) =>
      [axes].flat().reduce((y, a) => taken(y, a, range(0, y.shape[wrap(a, y.shape.length)]).reverse()), x),
    [
      [[3, 5], 1],
      [
        [3, 5],
        [0, -1],
      ],
      [[2, 3, 64], 2],
      [[0, 3], 0],
      [[5], []],
    ],
    [refuses("axis", () => flip(z([2]), 1), /^flip: axis 1 is out of range/)],
  ),
  mover(
    "roll",
    roll,
    rolled,
    [
      [[5], 2],
      [[3, 4], 1],
      [[3, 4], 1, 0],
      [[3, 4], -5, 1],
      [
        [3, 4, 5],
        [1, -2],
        [0, 2],
      ],
      [
        [3, 4, 5],
        [1, 2, 3],
        [0, 1, 2],
      ],
      [[5], [1, 1], [0, 0]],
      [[3, 4], 3, 0],
      [[0, 3], 1, 0],
      [[67, 8], 4, 1],
    ],
    [
      refuses("counts", () => roll(z([3]), [1, 2], 0), /^roll: needs one integer a named axis/, OptionError),
      refuses("axis", () => roll(z([3]), 1, 2), /^roll: axis 2 is out of range for 1 dimensions$/),
    ],
  ),
] as unknown as readonly OpRecord[];
