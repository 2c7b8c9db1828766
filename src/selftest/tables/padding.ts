// Rows of pad in its four modes.
import { OptionError } from "../../gpu/errors.ts";
import { type BorderMode, pad } from "../../kernels/pad.ts";
import { at, build } from "../nd.ts";
import type { OpRecord } from "../record.ts";
import { z } from "./samples.ts";
import { mover, refuses } from "./shape_rows.ts";

/** Where element i of an axis of n comes from, by steps: back and forth, held at the ends, or around. */
function bordered(i: number, n: number, mode: BorderMode): number {
  if (mode === "replicate") return i < 0 ? 0 : i >= n ? n - 1 : i;
  if (mode === "circular") return i < 0 ? i + n : i >= n ? i - n : i;
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

export const paddingRecords = [
  mover(
    "pad",
    pad,
    (x, pads, border = 0) => {
      const before = x.shape.map((_, i) => pads[2 * (x.shape.length - 1 - i)] ?? 0);
      const after = x.shape.map((_, i) => pads[2 * (x.shape.length - 1 - i) + 1] ?? 0);
      const inside = (i: readonly number[]) => i.every((v, k) => v >= 0 && v < x.shape[k]);
      return build(
        x.shape.map((s, i) => s + before[i] + after[i]),
        (i) => {
          const from = i.map((v, k) => v - before[k]);
          if (typeof border === "number") return inside(from) ? at(x, from) : border;
          return at(
            x,
            from.map((v, k) => bordered(v, x.shape[k], border)),
          );
        },
      );
    },
    [
      [
        [3, 5],
        [1, 2],
      ],
      [[3, 5], [1, 2, 3, 0], 1],
      [
        [3, 5],
        [-1, 2, 0, -2],
      ],
      [
        [2, 3, 4, 4],
        [1, 1, 1, 1],
      ],
      [[0, 3], [0, 0, 2, 1], 4],
      [[3], [0, 0]],
      [[3, 5], [2, 1, 1, 2], "reflect"],
      [[3, 5], [4, 1, 0, 2], "replicate"],
      [[2, 3, 5], [2, 5, 3, 0], "circular"],
      [[7, 4], [-1, 2], "reflect"],
    ],
    [
      refuses(
        "reflection",
        () => pad(z([3]), [3, 0], "reflect"),
        /^pad: the border of mode reflect must be below the axis, pads \(3,0\), axis 0 of x \[3\]$/,
      ),
      refuses(
        "mode",
        () => pad(z([3]), [1, 0], "mirror" as "reflect"),
        /^pad: mode must be one of constant, .*, got mirror$/,
        OptionError,
      ),
      refuses("odd", () => pad(z([2]), [1]), /^pad: pads must be pairs of integers/, OptionError),
      refuses(
        "crop",
        () => pad(z([2]), [-2, -1]),
        /^pad: cannot crop more than there is, pads \(-2,-1\), x \[2\]$/,
      ),
    ],
  ),
] as unknown as readonly OpRecord[];
