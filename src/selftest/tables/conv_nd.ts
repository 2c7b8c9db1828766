// Rows of the convolutions over one and three axes. Two axes: conv.ts.
import { conv1d, conv3d } from "../../kernels/conv_nd.ts";
import type { OpRecord } from "../record.ts";
import { convolved } from "../reference/windows.ts";
import { type Conv, row, tooLarge } from "./conv_rows.ts";

const conv1dRow = row(
  conv1d as Conv,
  convolved,
  [
    [[2, 3, 9], [4, 3, 3], {}, true],
    [[1, 4, 13], [6, 2, 4], { stride: 3, padding: 2, dilation: 2, groups: 2 }],
    [[1, 2, 8], [2, 1, 2], { padding: "same", groups: 2 }, true],
    [[0, 2, 5], [3, 2, 2], {}, true],
    [[1, 5, 1], [3, 5, 1], {}],
  ],
  [tooLarge(conv1d as Conv, [1, 1, 2], [1, 1, 3])],
);

const conv3dRow = row(
  conv3d as Conv,
  convolved,
  [
    [[1, 2, 3, 4, 4], [3, 2, 2, 3, 3], {}, true],
    [[2, 2, 4, 3, 5], [2, 1, 3, 2, 3], { stride: [2, 1, 2], padding: 1, groups: 2 }],
    [[1, 1, 5, 4, 3], [2, 1, 2, 2, 2], { dilation: [3, 2, 1] }, true],
    [[1, 1, 3, 3, 2], [2, 1, 2, 3, 1], { padding: "same" }],
    [[0, 2, 3, 3, 3], [2, 2, 2, 2, 2], {}],
  ],
  [tooLarge(conv3d as Conv, [1, 1, 2, 3, 3], [1, 1, 3, 3, 3])],
);

export const convNdRecords = [conv1dRow, conv3dRow] as unknown as readonly OpRecord[];
