// Rows of the ops that repeat elements.
import { OptionError } from "../../gpu/errors.ts";
import * as arrange from "../../kernels/arrange.ts";
import { expand, repeat } from "../../kernels/expand.ts";
import { at, build, type Nd, reshaped } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { mover, refuses, wrap } from "./shape_rows.ts";

function tiled(x: Nd, counts: readonly number[]): Nd {
  const rank = Math.max(counts.length, x.shape.length);
  const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const all = [...new Array<number>(rank - counts.length).fill(1), ...counts];
  const whole = reshaped(x, shape);
  return build(
    shape.map((s, i) => s * all[i]),
    (index) =>
      at(
        whole,
        index.map((v, i) => v % shape[i]),
      ),
  );
}

function interleaved(x: Nd, repeats: number | readonly number[], axis?: number): Nd {
  if (axis === undefined) return interleaved(reshaped(x, [x.data.length]), repeats, 0);
  const a = wrap(axis, x.shape.length);
  const from = Array.from({ length: x.shape[a] }, (_, i) =>
    new Array<number>(typeof repeats === "number" ? repeats : repeats[i]).fill(i),
  ).flat();
  return build(x.shape.with(a, from.length), (i) => at(x, i.with(a, from[i[a]])));
}

export const repeatingRecords = [
  mover(
    "expand",
    expand,
    (x, shape) => {
      const lead = shape.length - x.shape.length;
      const sizes = shape.map((s, i) => (s === -1 ? x.shape[i - lead] : s));
      return build(sizes, (i) =>
        at(
          x,
          i.slice(lead).map((v, k) => (x.shape[k] === 1 ? 0 : v)),
        ),
      );
    },
    [
      [
        [1, 5],
        [3, 5],
      ],
      [[5], [3, 5]],
      [
        [2, 1],
        [2, 3],
      ],
      [
        [2, 1],
        [-1, 0],
      ],
      [[], [2, 2]],
    ],
    [
      refuses(
        "shape",
        () => expand(z([2]), [3]),
        /^expand: x must broadcast to shape, x \[2\], shape \[3\]$/,
      ),
    ],
  ),
  mover(
    "repeat",
    repeat,
    (x, counts) => {
      const lead = counts.length - x.shape.length;
      const sizes = counts.map((n, i) => n * (i < lead ? 1 : x.shape[i - lead]));
      return build(sizes, (i) =>
        at(
          x,
          i.slice(lead).map((v, k) => v % x.shape[k]),
        ),
      );
    },
    [
      [
        [2, 3],
        [2, 2],
      ],
      [[3], [2, 2]],
      [[3], [0]],
      [
        [2, 3],
        [1, 3],
      ],
    ],
    [
      refuses(
        "counts",
        () => repeat(z([2, 3]), [2]),
        /^repeat: needs a count for every axis, counts \[2\], x \[2,3\]$/,
      ),
    ],
  ),
  mover(
    "tile",
    arrange.tile,
    tiled,
    [
      [[2, 3], [2]],
      [
        [2, 3],
        [2, 1, 3],
      ],
      [[], [3]],
      [
        [2, 3],
        [0, 2],
      ],
      [[5], []],
    ],
    [refuses("negative", () => arrange.tile(z([2]), [-1]), /^repeat: sizes must be non-negative/)],
  ),
  mover(
    "repeatInterleave",
    arrange.repeatInterleave,
    interleaved,
    [
      [[2, 3], 2],
      [[2, 3], 3, 0],
      [[2, 3, 4], 2, 1],
      [[2, 3], [2, 0, 1], 1],
      [[3], [1, 2, 3]],
      [[3], 0, 0],
      [[7, 4], [0, 1, 2, 3, 4, 5, 6], 0],
    ],
    [
      refuses(
        "count",
        () => arrange.repeatInterleave(z([3]), [1], 0),
        /^repeatInterleave: needs one count an element of axis 0, x \[3\], repeats \[1\]$/,
      ),
      refuses(
        "negative",
        () => arrange.repeatInterleave(z([3]), -1, 0),
        /^repeatInterleave: repeats must be integers of 0 or more, got -1$/,
        OptionError,
      ),
    ],
  ),
] as unknown as readonly OpRecord[];
