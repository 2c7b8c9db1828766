// Rows of the transposed convolutions.
import { OptionError } from "../../gpu/errors.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../../kernels/conv_transpose.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { ErrorCase, OpRecord } from "../record.ts";
import { convolvedBack } from "../reference/windows.ts";
import { type Conv, row } from "./conv_rows.ts";
import { z } from "./samples.ts";

const extra = (op: Conv, x: Shape, weight: Shape): ErrorCase => ({
  name: "outputPadding",
  run: () => op(z(x), z(weight), null, { outputPadding: 1 }),
  message: new RegExp(`^${op.name}: outputPadding must be less than stride or dilation, got 1`),
  type: OptionError,
});

const transpose1dRow = row(
  convTranspose1d as Conv,
  convolvedBack,
  [
    [[2, 3, 5], [3, 4, 3], {}, true],
    [[1, 4, 4], [4, 1, 4], { stride: 3, padding: 2, outputPadding: 2, groups: 2 }, true],
    [[1, 2, 3], [2, 2, 2], { dilation: 4, outputPadding: 3 }],
    [[0, 2, 3], [2, 2, 2], {}],
  ],
  [extra(convTranspose1d as Conv, [1, 1, 2], [1, 1, 3])],
);

const transpose2dRow = row(
  convTranspose2d as Conv,
  convolvedBack,
  [
    [[2, 3, 3, 4], [3, 2, 3, 2], {}, true],
    [[1, 4, 3, 3], [4, 2, 4, 4], { stride: 2, padding: 1, groups: 2 }, true],
    [[1, 2, 2, 3], [2, 2, 3, 2], { stride: [1, 3], dilation: [2, 1], outputPadding: [1, 2] }],
    [[0, 2, 3, 3], [2, 2, 2, 2], {}, true],
  ],
  [extra(convTranspose2d as Conv, [1, 1, 2, 2], [1, 1, 3, 3])],
);

const transpose3dRow = row(
  convTranspose3d as Conv,
  convolvedBack,
  [
    [[1, 2, 2, 3, 2], [2, 2, 2, 2, 3], {}, true],
    [[1, 2, 2, 2, 2], [2, 1, 3, 3, 2], { stride: 2, padding: 1, outputPadding: [1, 0, 1], groups: 2 }, true],
    [[1, 1, 2, 2, 2], [1, 2, 2, 2, 2], { dilation: [3, 1, 2], outputPadding: [2, 0, 1] }],
  ],
  [extra(convTranspose3d as Conv, [1, 1, 2, 2, 2], [1, 1, 3, 3, 3])],
);

export const convTransposeRecords = [
  transpose1dRow,
  transpose2dRow,
  transpose3dRow,
] as unknown as readonly OpRecord[];
