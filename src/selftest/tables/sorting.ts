// Rows of sorting.
import { OptionError } from "../../gpu/errors.ts";
import { argsort, type SortOptions, sort, type TopkOptions, topk } from "../../kernels/sort.ts";
import type { Shape } from "../../tensor/shape.ts";
import { fixed, type OpRecord, sample } from "../record.ts";
import { axisErrors, both, distinct, integers, picked, sortedOrder, truths } from "./reduce_rows.ts";
import { z } from "./samples.ts";

const SORTS: readonly (readonly [Shape, SortOptions])[] = [
  [[], {}],
  [[1], { descending: true }],
  [[7], {}],
  [[5, 33], { axis: 1, descending: true }],
  [[33, 3], { axis: 0 }],
  [[3, 65, 2], { axis: 1, descending: true }],
  [[3, 0, 2], { axis: 1 }],
  [[2, 300], {}],
];

const sortRecord: OpRecord<SortOptions> = {
  name: "sort",
  samples: (draw) => [
    ...SORTS.map(([shape, o]) => sample(o, distinct(draw, shape))),
    sample({}, integers(draw, [3, 100])),
    sample({ descending: true }, integers(draw, [3, 100])),
    sample({}, draw.integers([70], 0, 5, "u32")),
    sample({ descending: true }, truths(draw, [40])),
  ],
  run: ([x], o) => both(sort(x, o)),
  reference: ([x], { axis = -1, descending = false }) =>
    picked(x, axis, (row) => sortedOrder(row, descending)),
  differentiable: true,
  compare: "exact",
  errors: axisErrors("sort", (x, axis) => sort(x, { axis })),
};

const argsortRecord: OpRecord<SortOptions> = {
  name: "argsort",
  samples: (draw) => [
    ...SORTS.map(([shape, o]) => sample(o, fixed(distinct(draw, shape)))),
    sample({ descending: true }, integers(draw, [3, 100])),
  ],
  run: ([x], o) => argsort(x, o),
  reference: ([x], { axis = -1, descending = false }) =>
    picked(x, axis, (row) => sortedOrder(row, descending))[1],
  differentiable: false,
  errors: axisErrors("argsort", (x, axis) => argsort(x, { axis })),
};

const topkRecord: OpRecord<TopkOptions & { readonly k: number }> = {
  name: "topk",
  samples: (draw) => [
    sample({ k: 3 }, distinct(draw, [7])),
    sample({ k: 5, axis: 0 }, distinct(draw, [40, 3])),
    sample({ k: 2, axis: 1, largest: false }, distinct(draw, [3, 5, 4])),
    sample({ k: 0 }, distinct(draw, [3, 5])),
    sample({ k: 70 }, distinct(draw, [2, 70])),
    sample({ k: 10 }, integers(draw, [3, 50])),
  ],
  run: ([x], { k, ...o }) => both(topk(x, k, o)),
  reference: ([x], { k, axis = -1, largest = true }) =>
    picked(x, axis, (row) => sortedOrder(row, largest).slice(0, k)),
  differentiable: true,
  compare: "exact",
  errors: [
    ...axisErrors("topk", (x, axis) => topk(x, 1, { axis })),
    {
      name: "k",
      run: () => topk(z([2, 3]), 4),
      message: /^topk: k must be an integer in \[0, 3\], got 4, x \[2,3\]$/,
      type: OptionError,
    },
  ],
};

export const sortingRecords = [sortRecord, argsortRecord, topkRecord] as unknown as readonly OpRecord[];
