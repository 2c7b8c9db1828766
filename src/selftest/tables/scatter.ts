// Rows of writing by mask and by index, and of takeAlongDim, which reads where scatter writes. More indices: index_ops.ts.
import { DTypeError } from "../../gpu/errors.ts";
import { indexPut } from "../../kernels/index_put.ts";
import { maskedFill } from "../../kernels/masked.ts";
import { scatter, takeAlongDim } from "../../kernels/scatter_write.ts";
import { broadcastShapes, type Shape } from "../../tensor/shape.ts";
import { at, build, map, type Nd, ravel, unravel, zip } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";
import { refuses, wrap } from "./shape_rows.ts";

const maskedFillRecord: OpRecord<{ value?: number }> = {
  name: "maskedFill",
  samples: (draw) => [
    sample({ value: 2.5 }, draw.normal([3, 5]), draw.bool([3, 5])),
    sample({ value: -7 }, draw.normal([2, 3, 5]), draw.bool([5])),
    sample({ value: 0 }, draw.normal([67]), draw.bool([])),
    sample({ value: 1 }, draw.normal([0, 3]), draw.bool([3])),
    sample({}, draw.normal([3, 5]), draw.bool([3, 1]), draw.normal([])),
  ],
  run: ([x, mask, v], { value }) => maskedFill(x, mask, v ?? value!),
  reference: ([x, mask, v], { value }) =>
    zip((a, m, b) => (m ? b : a), x, mask, v ?? { shape: [], data: Float64Array.of(value!) }),
  differentiable: true,
  compare: "exact",
  errors: [
    refuses(
      "mask",
      () => maskedFill(z([2]), z([2]), 0),
      /^maskedFill: the mask must be bool, mask f32\[2\]$/,
      DTypeError,
    ),
  ],
};

interface Put {
  readonly count: number;
  readonly accumulate: boolean;
}

const indexPutRecord: OpRecord<Put> = {
  name: "indexPut",
  samples: (draw) =>
    (
      [
        [[7], [[4]], [4]],
        [[6, 5], [[4]], [5]],
        [
          [6, 5, 3],
          [[4, 1], [3]],
          [4, 3, 1],
        ],
        [[4, 3], [[20], [20]], []],
        [[3, 2], [[0]], [0, 2]],
        [[67, 3], [[131]], [131, 3]],
      ] as [Shape, Shape[], Shape][]
    ).flatMap(([x, at, values]) =>
      [false, true].map((accumulate) =>
        sample(
          { count: at.length, accumulate },
          draw.normal(x),
          draw.normal(values),
          // From the end too; one beyond x writes nowhere.
          ...at.map((shape, axis) => draw.integers(shape, -x[axis], x[axis] + 1)),
        ),
      ),
    ),
  run: ([x, values, ...indices], { accumulate }) => indexPut(x, indices, values, { accumulate }),
  reference: ([x, values, ...indices], { accumulate }) => {
    const y = map(x, (v) => v);
    const places = indices.map((t) => t.shape).reduce((a, b) => broadcastShapes("", a, b));
    const rest = x.shape.slice(indices.length);
    const from = (t: Nd, i: readonly number[]) =>
      at(
        t,
        t.shape.map((s, k) => (s === 1 ? 0 : i[i.length - t.shape.length + k])),
      );
    build([...places, ...rest], (i) => {
      const place = i.slice(0, places.length);
      const lead = indices.map((t, axis) => from(t, place) + (from(t, place) < 0 ? x.shape[axis] : 0));
      if (lead.some((k, axis) => k >= x.shape[axis])) return 0;
      const flat = ravel([...lead, ...i.slice(places.length)], x.shape);
      y.data[flat] = from(values, i) + (accumulate ? y.data[flat] : 0);
      return 0;
    });
    return y;
  },
  differentiable: true,
  compare: "sums",
  errors: [
    refuses(
      "index dtype",
      () => indexPut(z([2]), [z([1])], z([1])),
      /^indexPut: indices must be i32, got f32\[1\]$/,
      DTypeError,
    ),
    refuses(
      "dtype",
      () => indexPut(z([2]), [z([1], "i32")], z([1], "i32")),
      /^indexPut: x and values must have one dtype, x f32\[2\], values i32\[1\]$/,
      DTypeError,
    ),
    refuses(
      "indices",
      () => indexPut(z([2]), [], z([1])),
      /^indexPut: needs an index for each of the first axes of x, got 0 for x \[2\]$/,
    ),
  ],
};

interface Axis {
  readonly axis: number;
  readonly value?: number;
}

const scatterRecord: OpRecord<Axis> = {
  name: "scatter",
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
    ).flatMap(([x, axis, index], k) => {
      // Some outside the axis, which write nowhere.
      const at = draw.integers(index, -1, x[wrap(axis, x.length)] + 1);
      const src = k === 2 ? draw.normal([8, 5]) : draw.normal(index);
      return [sample({ axis }, draw.normal(x), at, src), sample({ axis, value: 2.5 }, draw.normal(x), at)];
    }),
  run: ([x, index, src], { axis, value }) => scatter(x, axis, index, src ?? value!),
  reference: ([x, index, src], { axis, value }) => {
    const a = wrap(axis, x.shape.length);
    const y = map(x, (v) => v);
    index.data.forEach((k, flat) => {
      const i = unravel(flat, index.shape);
      if (k >= 0 && k < x.shape[a]) y.data[ravel(i.with(a, k), x.shape)] = src ? at(src, i) : value!;
    });
    return y;
  },
  differentiable: true,
  compare: "exact",
  errors: [
    refuses(
      "dtype",
      () => scatter(z([2]), 0, z([2], "i32"), z([2], "i32")),
      /^scatter: x and src must have one dtype, got f32 and i32$/,
      DTypeError,
    ),
    refuses(
      "index dtype",
      () => scatter(z([2]), 0, z([2]), z([2])),
      /^scatter: indices must be i32, got f32\[2\]$/,
      DTypeError,
    ),
    refuses(
      "src",
      () => scatter(z([2]), 0, z([3], "i32"), z([2])),
      /^scatter: index must have the rank of src and fit in it, src \[2\], index \[3\]$/,
    ),
    refuses("axis", () => scatter(z([2]), 1, z([2], "i32"), 0), /^scatter: axis 1 is out of range/),
  ],
};

const takeAlongDimRecord: OpRecord<{ axis?: number }> = {
  name: "takeAlongDim",
  samples: (draw) => [
    sample({ axis: 1 }, draw.normal([3, 5]), draw.integers([3, 4], 0, 5)),
    sample({ axis: 1 }, draw.normal([3, 5]), draw.integers([1, 4], 0, 5)),
    sample({ axis: 0 }, draw.normal([3, 1]), draw.integers([4, 5], 0, 3)),
    sample({ axis: -1 }, draw.normal([2, 1, 5]), draw.integers([2, 3, 1], 0, 5)),
    sample({}, draw.normal([2, 3]), draw.integers([2, 2], 0, 6)),
  ],
  run: ([x, index], { axis }) => takeAlongDim(x, index, axis),
  reference: ([x, index], { axis }) => {
    if (axis === undefined) return build([index.data.length], (_, i) => x.data[index.data[i]]);
    const a = wrap(axis, x.shape.length);
    const shape = broadcastShapes("", x.shape.with(a, 1), index.shape.with(a, 1));
    const from = (t: Nd, i: number[]) =>
      at(
        t,
        i.map((v, k) => (t.shape[k] === 1 ? 0 : v)),
      );
    return build(shape.with(a, index.shape[a]), (i) => from(x, i.with(a, from(index, i))));
  },
  differentiable: true,
  compare: "exact",
  errors: [
    refuses(
      "rank",
      () => takeAlongDim(z([2, 2]), z([2], "i32"), 0),
      /^takeAlongDim: index must have the rank of x/,
    ),
  ],
};

export const scatterRecords = [
  maskedFillRecord,
  scatterRecord,
  indexPutRecord,
  takeAlongDimRecord,
] as unknown as readonly OpRecord[];
