// Rows of the ops that take parts of a tensor: slices, single places, pieces of an axis.
import { OptionError } from "../../gpu/errors.ts";
import * as arrange from "../../kernels/arrange.ts";
import { narrow, select, slice } from "../../kernels/slice.ts";
import { chunk, split } from "../../kernels/split.ts";
import { at, build, type Nd, reshaped } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { mover, range, refuses, taken, wrap } from "./shape_rows.ts";

/** Python's slice over an axis of n, by walking it. */
function walked(n: number, start: number | null, end: number | null, step: number): number[] {
  const resolve = (v: number) => (v < 0 ? v + n : v);
  const from = start === null ? (step > 0 ? 0 : n - 1) : resolve(start);
  const to = end === null ? (step > 0 ? n : -1) : step < 0 && end < -n ? -1 : resolve(end);
  const list: number[] = [];
  if (step > 0) for (let i = Math.max(from, 0); i < Math.min(to, n); i += step) list.push(i);
  else for (let i = Math.min(from, n - 1); i > Math.max(to, -1); i += step) list.push(i);
  return list;
}

const parts = (x: Nd, sizes: readonly number[], axis: number): Nd[] => {
  let from = 0;
  return sizes.map((size) => taken(x, axis, range((from += size) - size, size)));
};

const equal = (n: number, size: number) => {
  const count = Math.max(1, Math.ceil(n / size));
  return range(0, count).map((i) => Math.min(size, n - i * size));
};

export const selectingRecords = [
  mover(
    "slice",
    slice,
    (x, axis, start, end, step = 1) =>
      taken(x, axis, walked(x.shape[wrap(axis, x.shape.length)], start ?? null, end ?? null, step)),
    [
      [[5, 7], 1, 2, 6],
      [[5, 7], 0, 1, null, 2],
      [[5, 7], -1, null, null, -2],
      [[5, 7], 1, -3],
      [[5, 7], 0, 4, 2],
      [[5, 7], 1, -99, 99, 3],
      [[0, 3], 1, 1],
      [[129], 0, 1, 128, 7],
    ],
    [
      refuses(
        "step",
        () => slice(z([2]), 0, 0, 2, 0),
        /^slice: start, end and step must be integers, step not 0/,
        OptionError,
      ),
    ],
  ),
  mover(
    "narrow",
    narrow,
    (x, axis, start, length) =>
      taken(x, axis, range(wrap(start, x.shape[wrap(axis, x.shape.length)]), length)),
    [
      [[5, 7], 1, 2, 3],
      [[5, 7], 0, -2, 2],
      [[5, 7], 1, 3, 0],
      [[5, 7], 0, 0, 5],
    ],
    [
      refuses(
        "range",
        () => narrow(z([3]), 0, 2, 2),
        /^narrow: start 2, length 2 reach outside axis 0 of x \[3\]$/,
      ),
    ],
  ),
  mover(
    "select",
    select,
    (x, axis, index) => {
      const a = wrap(axis, x.shape.length);
      return reshaped(
        taken(x, a, [wrap(index, x.shape[a])]),
        x.shape.filter((_, i) => i !== a),
      );
    },
    [
      [[5, 7], 0, 2],
      [[5, 7], -1, -1],
      [[2, 3, 4], 1, 0],
      [[3], 0, 1],
    ],
    [refuses("index", () => select(z([3]), 0, 3), /^select: index 3 is outside axis 0 of x \[3\]$/)],
  ),
  mover(
    "split",
    split,
    (x, sizes, axis = 0) =>
      parts(x, typeof sizes === "number" ? equal(x.shape[wrap(axis, x.shape.length)], sizes) : sizes, axis),
    [
      [[5, 3], 2],
      [[5, 7], [1, 4, 2], 1],
      [[4, 6], 3, -1],
      [[5], 5],
      [
        [3, 0],
        [1, 2],
      ],
    ],
    [
      refuses(
        "sizes",
        () => split(z([5]), [2, 2]),
        /^split: sizes \[2,2\] do not add up to axis 0 of x \[5\]$/,
      ),
      refuses("size", () => split(z([5]), 0), /^split: needs a size of 1 or more, got 0$/, OptionError),
    ],
  ),
  mover(
    "chunk",
    chunk,
    (x, count, axis = 0) => {
      const n = x.shape[wrap(axis, x.shape.length)];
      return parts(x, equal(n, Math.max(1, Math.ceil(n / count))), axis);
    },
    [
      [[5, 3], 2],
      [[5, 7], 3, 1],
      [[3], 7],
    ],
    [refuses("count", () => chunk(z([5]), 0), /^chunk: needs a count of 1 or more, got 0$/, OptionError)],
  ),
  mover(
    "unbind",
    arrange.unbind,
    (x: Nd, axis = 0) => {
      const a = wrap(axis, x.shape.length);
      const shape = x.shape.filter((_, i) => i !== a);
      return Array.from({ length: x.shape[a] }, (_, k) =>
        build(shape, (i) => at(x, [...i.slice(0, a), k, ...i.slice(a)])),
      );
    },
    [[[3, 4]], [[3, 4], 1], [[2, 3, 4], -2], [[1]], [[3]]],
    [refuses("scalar", () => arrange.unbind(z([])), /^unbind: a scalar has no axis to take apart$/)],
  ),
] as unknown as readonly OpRecord[];
