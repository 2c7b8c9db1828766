// Rows of the ops that read and write by index, and of one-hot.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { type EmbeddingOptions, embedding } from "../../kernels/embedding.ts";
import { gather, indexSelect } from "../../kernels/gather.ts";
import { type OneHotOptions, oneHot } from "../../kernels/one_hot.ts";
import { indexAdd, scatterAdd } from "../../kernels/scatter.ts";
import type { Shape } from "../../tensor/shape.ts";
import { at, build, map, type Nd, ravel, unravel } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

interface Axis {
  readonly axis: number;
}

const wrap = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);
const inside = (v: number, n: number) => v >= 0 && v < n;
/** Indices of [-1, n + 1): some outside, which read 0 and write nowhere. */
const LOOSE = 1;

const gatherRecord: OpRecord<Axis> = {
  name: "gather",
  samples: (draw) =>
    (
      [
        [[5], 0, [7]],
        [[3, 5], 1, [3, 4]],
        [[3, 5], 0, [6, 5]],
        [[4, 5, 3], -2, [2, 9, 3]],
        [[3, 64], 1, [3, 1]],
        [[3, 5], 1, [3, 0]],
        [[131, 7], 0, [67, 7]],
      ] as [Shape, number, Shape][]
    ).map(([x, axis, index]) => {
      const n = x[wrap(axis, x.length)];
      return sample({ axis }, draw.normal(x), draw.integers(index, -LOOSE, n + LOOSE));
    }),
  run: ([x, index], { axis }) => gather(x, axis, index),
  reference: ([x, index], { axis }) => {
    const a = wrap(axis, x.shape.length);
    return build(index.shape, (i, flat) => {
      const k = index.data[flat];
      return inside(k, x.shape[a]) ? at(x, i.with(a, k)) : 0;
    });
  },
  differentiable: true,
  compare: "exact",
  errors: [
    {
      name: "dtype",
      run: () => gather(z([2]), 0, z([2])),
      message: /^gather: indices must be i32, got f32\[2\]$/,
      type: DTypeError,
    },
    {
      name: "fit",
      run: () => gather(z([2, 3]), 0, z([2, 4], "i32")),
      message:
        /^gather: index must have the rank of x and fit in it beside axis 0, x \[2,3\], index \[2,4\]$/,
      type: ShapeError,
    },
  ],
};

const selections: readonly [Shape, number, number][] = [
  [[5], 0, 7],
  [[3, 5], 1, 4],
  [[7, 5], 0, 9],
  [[4, 5, 3], -2, 6],
  [[9, 64], 0, 5],
  [[3, 5], 0, 0],
  [[67, 3], 0, 131],
];

const indexSelectRecord: OpRecord<Axis> = {
  name: "indexSelect",
  samples: (draw) =>
    selections.map(([x, axis, n]) =>
      sample({ axis }, draw.normal(x), draw.integers([n], -LOOSE, x[wrap(axis, x.length)] + LOOSE)),
    ),
  run: ([x, index], { axis }) => indexSelect(x, axis, index),
  reference: ([x, index], { axis }) => {
    const a = wrap(axis, x.shape.length);
    const shape = x.shape.with(a, index.data.length);
    return build(shape, (i) => {
      const k = index.data[i[a]];
      return inside(k, x.shape[a]) ? at(x, i.with(a, k)) : 0;
    });
  },
  differentiable: true,
  compare: "exact",
  errors: [
    {
      name: "rank",
      run: () => indexSelect(z([2]), 0, z([1, 1], "i32")),
      message: /^indexSelect: needs an axis and an index of rank 1, x \[2\], index \[1,1\]$/,
      type: ShapeError,
    },
  ],
};

/** x, with src added where `target` says; null: nowhere. */
function added(x: Nd, src: Nd, target: (index: number[]) => number[] | null): Nd {
  const y = map(x, (v) => v);
  src.data.forEach((v, flat) => {
    const to = target(unravel(flat, src.shape));
    if (to) y.data[ravel(to, x.shape)] += v;
  });
  return y;
}

const scatterAddRecord: OpRecord<Axis> = {
  name: "scatterAdd",
  samples: (draw) =>
    (
      [
        [[5], 0, [9]],
        [[3, 5], 1, [3, 7]],
        [[3, 5], 0, [6, 4]],
        [[4, 5, 3], -2, [2, 9, 3]],
        [[3, 5], 1, [3, 0]],
        [[7, 3], 0, [131, 3]],
      ] as [Shape, number, Shape][]
    ).map(([x, axis, index]) => {
      const n = x[wrap(axis, x.length)];
      return sample({ axis }, draw.normal(x), draw.integers(index, -LOOSE, n + LOOSE), draw.normal(index));
    }),
  run: ([x, index, src], { axis }) => scatterAdd(x, axis, index, src),
  reference: ([x, index, src], { axis }) => {
    const a = wrap(axis, x.shape.length);
    return added(x, src, (i) => {
      const k = at(index, i);
      return inside(k, x.shape[a]) ? i.with(a, k) : null;
    });
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "dtypes",
      run: () => scatterAdd(z([2]), 0, z([2], "i32"), z([2], "i32")),
      message: /^scatterAdd: x and src must have one dtype, not bool, got f32 and i32$/,
      type: DTypeError,
    },
    {
      name: "src",
      run: () => scatterAdd(z([2]), 0, z([3], "i32"), z([2])),
      message: /^scatterAdd: index must have the rank of src and fit in it, src \[2\], index \[3\]$/,
      type: ShapeError,
    },
  ],
};

const indexAddRecord: OpRecord<Axis> = {
  name: "indexAdd",
  samples: (draw) =>
    selections.map(([x, axis, n]) => {
      const a = wrap(axis, x.length);
      return sample(
        { axis },
        draw.normal(x),
        draw.integers([n], -LOOSE, x[a] + LOOSE),
        draw.normal(x.with(a, n)),
      );
    }),
  run: ([x, index, src], { axis }) => indexAdd(x, axis, index, src),
  reference: ([x, index, src], { axis }) => {
    const a = wrap(axis, x.shape.length);
    return added(x, src, (i) => {
      const k = index.data[i[a]];
      return inside(k, x.shape[a]) ? i.with(a, k) : null;
    });
  },
  differentiable: true,
  compare: "largest",
  errors: [
    {
      name: "src",
      run: () => indexAdd(z([2, 3]), 0, z([4], "i32"), z([2, 3])),
      message: /^indexAdd: src must be x with index's length on axis 0, x \[2,3\], index \[4\], src \[2,3\]$/,
      type: ShapeError,
    },
  ],
};

/** Without paddingIdx, whose gradient is not that of the values: test/kernels/gather.test.ts. */
const embeddingRecord: OpRecord<EmbeddingOptions> = {
  name: "embedding",
  samples: (draw) => [
    sample({}, draw.integers([2, 3], -1, 6), draw.normal([5, 3])),
    sample({}, draw.integers([], 0, 5), draw.normal([5, 4])),
    sample({}, draw.integers([0], 0, 5), draw.normal([5, 4])),
    sample({}, draw.integers([67], 0, 9), draw.normal([9, 8])),
    sample({}, draw.integers([5], 0, 300), draw.normal([300, 33])),
  ],
  run: ([ids, weight], o) => embedding(ids, weight, o),
  reference: ([ids, weight]) => {
    const [rows, d] = weight.shape;
    return build([...ids.shape, d], (i) => {
      const k = at(ids, i.slice(0, -1));
      return inside(k, rows) ? at(weight, [k, i.at(-1)!]) : 0;
    });
  },
  differentiable: true,
  compare: "exact",
  errors: [
    {
      name: "rank",
      run: () => embedding(z([1], "i32"), z([3])),
      message: /^embedding: weight must have rank 2, weight \[3\]$/,
      type: ShapeError,
    },
    {
      name: "paddingIdx",
      run: () => embedding(z([1], "i32"), z([2, 3]), { paddingIdx: 2 }),
      message: /^embedding: paddingIdx 2 is outside a table of 2 rows$/,
      type: OptionError,
    },
  ],
};

const oneHotRecord: OpRecord<OneHotOptions & { readonly classes: number }> = {
  name: "oneHot",
  samples: (draw) => [
    sample({ classes: 3 }, draw.integers([2, 5], -1, 4)),
    sample({ classes: 3, dtype: "f32" }, draw.integers([67], 0, 3)),
    sample({ classes: 1 }, draw.integers([], 0, 1)),
    sample({ classes: 5 }, draw.integers([0], 0, 1)),
  ],
  run: ([ids], { classes, ...o }) => oneHot(ids, classes, o),
  reference: ([ids], { classes }) =>
    build([...ids.shape, classes], (i) => Number(at(ids, i.slice(0, -1)) === i.at(-1))),
  differentiable: false,
  errors: [
    {
      name: "classes",
      run: () => oneHot(z([1], "i32"), 0),
      message: /^oneHot: classes must be a positive integer, got 0$/,
      type: OptionError,
    },
    {
      name: "dtype",
      run: () => oneHot(z([1]), 3),
      message: /^oneHot: indices must be i32/,
      type: DTypeError,
    },
  ],
};

export const indexRecords = [
  gatherRecord,
  indexSelectRecord,
  scatterAddRecord,
  indexAddRecord,
  embeddingRecord,
  oneHotRecord,
] as readonly OpRecord[];
