// roll: elements moved along axes, those pushed out at one end coming back in at the other. Its gradient rolls back.

import { OptionError, ShapeError } from "../gpu/errors.ts";
import { op } from "../tensor/op.ts";
import { contiguousStrides, normalizeAxis } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { reshape, shaped } from "./reshape.ts";
import { stridedCopy } from "./strided_copy.ts";

type Numbers = number | readonly number[];

/** Of an axis: `size` elements from `src` go to `dst`. */
interface Piece {
  readonly size: number;
  readonly src: number;
  readonly dst: number;
}

/**
 * y[.., (i + shift) mod n, ..] = x[.., i, ..] (torch.roll). Without axes: rolled as one row, and given x's shape again.
 *
 * @param shifts one for every axis; negative rolls backwards
 * @throws OptionError unless shifts are integers, as many as axes; ShapeError for an axis out of range
 */
export function roll(x: Tensor, shifts: Numbers, axes?: Numbers): Tensor {
  const list = typeof shifts === "number" ? [shifts] : shifts;
  if (axes === undefined && list.length === 1 && x.rank !== 1)
    return reshape(roll(reshape(x, [x.size]), list, 0), x.shape);
  const on = axes === undefined ? [0] : typeof axes === "number" ? [axes] : axes;
  if (on.length !== list.length || !list.every(Number.isInteger))
    throw new OptionError(`roll: needs one integer a named axis, shifts [${list}], axes [${on}]`);
  if (x.rank === 0) throw new ShapeError("roll: a scalar has no axis to roll along");
  const by = new Array<number>(x.rank).fill(0);
  on.forEach((a, k) => {
    by[normalizeAxis("roll", a, x.rank)] += list[k];
  });
  return rolled(
    x,
    by.map((s, i) => (x.shape[i] === 0 ? 0 : ((s % x.shape[i]) + x.shape[i]) % x.shape[i])),
  );
}

/** Shifts of [0, n) for every axis. */
function rolled(x: Tensor, by: readonly number[]): Tensor {
  if (by.every((s) => s === 0)) return shaped("roll", x, x.shape);
  const [y] = op("roll", [x], () => {
    const y = empty(x.shape, x.dtype, x.device);
    const strides = contiguousStrides(x.shape);
    for (const box of boxes(x.shape.map((n, i) => pieces(n, by[i])))) {
      const offset = (side: "src" | "dst") => box.reduce((sum, p, i) => sum + p[side] * strides[i], 0);
      const axes = box.map(({ size }, i) => ({ size, src: strides[i], dst: strides[i] }));
      stridedCopy(x, y, axes, { src: offset("src"), dst: offset("dst") }, "roll");
    }
    const back = by.map((s, i) => (s === 0 ? 0 : x.shape[i] - s));
    return { outputs: [y], pullback: ([dy]) => [dy && rolled(dy, back)] };
  });
  return y;
}

function pieces(n: number, shift: number): Piece[] {
  if (shift === 0) return [{ size: n, src: 0, dst: 0 }];
  return [
    { size: n - shift, src: 0, dst: shift },
    { size: shift, src: n - shift, dst: 0 },
  ];
}

/** Every choice of one piece an axis. */
function boxes(axes: readonly Piece[][]): Piece[][] {
  return axes.reduce<Piece[][]>((all, own) => all.flatMap((box) => own.map((p) => [...box, p])), [[]]);
}
