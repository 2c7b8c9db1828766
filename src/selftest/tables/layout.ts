// Rows of the ops that keep all elements and change the shape or the order of the axes.
import * as arrange from "../../kernels/arrange.ts";
import { permute, transpose } from "../../kernels/permute.ts";
import { flatten, reshape, squeeze, unflatten, unsqueeze } from "../../kernels/reshape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { at, build, type Nd, reshaped } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { fill, mover, permuted, range, refuses, wrap } from "./shape_rows.ts";

function moved(x: Nd, source: number | readonly number[], destination: number | readonly number[]): Nd {
  const rank = x.shape.length;
  const from = [source].flat().map((a) => wrap(a, rank));
  const to = [destination].flat().map((a) => wrap(a, rank));
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  const order = x.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)] : rest.shift()!));
  return build(
    order.map((a) => x.shape[a]),
    (i) =>
      at(
        x,
        x.shape.map((_, a) => i[order.indexOf(a)]),
      ),
  );
}

export const layoutRecords = [
  mover(
    "reshape",
    reshape,
    (x, shape) => reshaped(x, fill(x, shape)),
    [
      [
        [3, 4],
        [2, 6],
      ],
      [[3, 4], [-1]],
      [[1], []],
      [
        [0, 3],
        [3, 0],
      ],
    ],
    [
      refuses("size", () => reshape(z([2, 3]), [4]), /^reshape: 6 elements do not fit \[4\]$/),
      refuses("two -1", () => reshape(z([4]), [-1, -1]), /at most one size may be -1/),
    ],
  ),
  mover(
    "flatten",
    flatten,
    (x, start = 0, end = -1) => {
      const [from, to] = [wrap(start, x.shape.length), wrap(end, x.shape.length)];
      const merged = x.shape.slice(from, to + 1).reduce((a, b) => a * b, 1);
      return reshaped(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
    },
    [[[2, 3, 4], 1], [[2, 3, 4]], [[2, 3, 4], 0, 1], [[]], [[2, 0, 3], 1]],
    [
      refuses(
        "order",
        () => flatten(z([2, 3]), 1, 0),
        /^flatten: start must not come after end, 1 and 0 of x \[2,3\]$/,
      ),
    ],
  ),
  mover(
    "unflatten",
    unflatten,
    (x, axis, sizes) => {
      const a = wrap(axis, x.shape.length);
      const inner = fill({ shape: [], data: new Float64Array(x.shape[a]) }, sizes);
      return reshaped(x, [...x.shape.slice(0, a), ...inner, ...x.shape.slice(a + 1)]);
    },
    [
      [[6, 2], 0, [2, 3]],
      [[3, 8], -1, [2, -1]],
    ],
    [refuses("size", () => unflatten(z([2, 5]), 1, [2, 2]), /^unflatten: 5 elements do not fit \[2,2\]$/)],
  ),
  mover(
    "squeeze",
    squeeze as (x: Tensor, axes?: number | readonly number[]) => Tensor,
    (x, axes) => {
      const named =
        axes === undefined ? range(0, x.shape.length) : [axes].flat().map((a) => wrap(a, x.shape.length));
      return reshaped(
        x,
        x.shape.filter((s, i) => s !== 1 || !named.includes(i)),
      );
    },
    [
      [[1, 3, 1]],
      [[1, 3, 1], -1],
      [
        [1, 3, 1],
        [0, 1],
      ],
      [[1, 1]],
    ],
    [refuses("axis", () => squeeze(z([1]), 3), /^squeeze: axis 3 is out of range/)],
  ),
  mover(
    "unsqueeze",
    unsqueeze,
    (x, axis) => {
      const a = wrap(axis, x.shape.length + 1);
      return reshaped(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)]);
    },
    [
      [[3, 4], 1],
      [[3, 4], -1],
      [[], 0],
    ],
    [refuses("axis", () => unsqueeze(z([2]), 2), /^unsqueeze: axis 2 is out of range/)],
  ),
  mover(
    "permute",
    permute,
    permuted,
    [
      [
        [3, 5],
        [1, 0],
      ],
      [
        [2, 3, 4],
        [2, 0, 1],
      ],
      [
        [2, 3, 4, 5],
        [0, 2, -1, 1],
      ],
      [
        [1, 7, 1, 3],
        [2, 1, 0, 3],
      ],
      [
        [33, 65],
        [1, 0],
      ],
      [
        [0, 3],
        [1, 0],
      ],
      [[], []],
    ],
    [
      refuses(
        "axes",
        () => permute(z([2, 3]), [0, 0]),
        /^permute: axes must name every axis once, axes \[0,0\], x \[2,3\]$/,
      ),
    ],
  ),
  mover(
    "transpose",
    transpose,
    (x, a, b) => {
      const order = range(0, x.shape.length);
      [order[wrap(a, order.length)], order[wrap(b, order.length)]] = [
        wrap(b, order.length),
        wrap(a, order.length),
      ];
      return permuted(x, order);
    },
    [
      [[3, 5], 0, 1],
      [[2, 3, 4], -1, 0],
      [[2, 1, 4], 1, 2],
    ],
    [refuses("axis", () => transpose(z([2]), 0, 1), /^transpose: axis 1 is out of range/)],
  ),
  mover(
    "movedim",
    arrange.movedim,
    moved,
    [
      [[2, 3, 4], 0, 2],
      [[2, 3, 4], -1, 0],
      [
        [2, 3, 4],
        [0, 1],
        [1, 2],
      ],
      [
        [2, 3, 4, 5],
        [3, 0],
        [0, 1],
      ],
      [[3], 0, 0],
    ],
    [
      refuses(
        "counts",
        () => arrange.movedim(z([2, 3]), [0, 1], [0]),
        /^movedim: needs as many different axes on both sides, source \[0,1\], destination \[0\]$/,
      ),
    ],
  ),
] as unknown as readonly OpRecord[];
