// Rows of the ops that put several tensors together.
import { DTypeError, OptionError } from "../../gpu/errors.ts";
import * as arrange from "../../kernels/arrange.ts";
import { cat, stack } from "../../kernels/concat.ts";
import { at, build, type Nd, reshaped } from "../nd.ts";
import { type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";
import { range, refuses, wrap } from "./shape_rows.ts";

interface Axis {
  readonly axis: number;
}

const joined = (xs: readonly Nd[], axis: number): Nd => {
  const a = wrap(axis, xs[0].shape.length);
  const shape = xs[0].shape.map((s, i) => (i === a ? xs.reduce((n, x) => n + x.shape[a], 0) : s));
  return build(shape, (index) => {
    let rest = index[a];
    let k = 0;
    while (rest >= xs[k].shape[a]) rest -= xs[k++].shape[a];
    return at(xs[k], index.with(a, rest));
  });
};

const catRecord: OpRecord<Axis> = {
  name: "cat",
  samples: (draw) => [
    sample({ axis: 0 }, draw.normal([2, 3]), draw.normal([4, 3])),
    sample({ axis: -1 }, draw.normal([3, 2]), draw.normal([3, 5]), draw.normal([3, 1])),
    sample({ axis: 1 }, draw.normal([2, 3, 4]), draw.normal([2, 0, 4]), draw.normal([2, 5, 4])),
    sample({ axis: 0 }, draw.normal([5])),
    sample({ axis: 0 }, draw.integers([2], -9, 9), draw.integers([3], -9, 9)),
    sample({ axis: 0 }, ...range(0, 11).map(() => draw.normal([1, 3]))),
  ],
  run: (xs, { axis }) => cat(xs, axis),
  reference: (xs, { axis }) => joined(xs, axis),
  differentiable: true,
  compare: "exact",
  errors: [
    refuses("none", () => cat([]), /^cat: needs at least one tensor$/),
    refuses(
      "shapes",
      () => cat([z([2, 3]), z([2, 4])]),
      /^cat: shapes must agree but for axis 0, \[2,3\] and \[2,4\]$/,
    ),
    refuses(
      "dtypes",
      () => cat([z([2]), z([2], "i32")]),
      /^cat: dtypes must agree, got f32, i32$/,
      DTypeError,
    ),
  ],
};

const stackRecord: OpRecord<Axis> = {
  name: "stack",
  samples: (draw) => [
    sample({ axis: 0 }, draw.normal([3]), draw.normal([3])),
    sample({ axis: -1 }, draw.normal([2, 3]), draw.normal([2, 3]), draw.normal([2, 3])),
    sample({ axis: 1 }, draw.normal([2, 3]), draw.normal([2, 3])),
    sample({ axis: 0 }, draw.normal([]), draw.normal([])),
    sample({ axis: 0 }, draw.bool([4]), draw.bool([4])),
  ],
  run: (xs, { axis }) => stack(xs, axis),
  reference: (xs, { axis }) => {
    const a = wrap(axis, xs[0].shape.length + 1);
    const shape = [...xs[0].shape.slice(0, a), 1, ...xs[0].shape.slice(a)];
    return joined(
      xs.map((x) => reshaped(x, shape)),
      a,
    );
  },
  differentiable: true,
  compare: "exact",
  errors: [
    refuses("shapes", () => stack([z([2]), z([3])]), /^stack: shapes must agree, \[2\] and \[3\]$/),
    refuses("axis", () => stack([z([2])], 2), /^stack: axis 2 is out of range/),
  ],
};

const stacks: readonly OpRecord<undefined>[] = [
  {
    name: "hstack",
    samples: (draw) =>
      [
        [[3], [4]],
        [
          [2, 3],
          [2, 1],
        ],
        [[], []],
        [
          [2, 3, 2],
          [2, 2, 2],
          [2, 1, 2],
        ],
      ].map((shapes) => sample(undefined, ...shapes.map((s) => draw.normal(s)))),
    run: (xs) => arrange.hstack(xs),
    reference: (xs) => {
      const rows = xs.map((x) => (x.shape.length === 0 ? reshaped(x, [1]) : x));
      return joined(rows, rows[0].shape.length === 1 ? 0 : 1);
    },
    differentiable: true,
    compare: "exact",
    errors: [refuses("shapes", () => arrange.hstack([z([2, 3]), z([3, 3])]), /^cat: shapes must agree/)],
  },
  {
    name: "vstack",
    samples: (draw) =>
      [
        [[3], [3]],
        [[2, 3], [3]],
        [[], []],
        [
          [2, 3, 2],
          [1, 3, 2],
        ],
      ].map((shapes) => sample(undefined, ...shapes.map((s) => draw.normal(s)))),
    run: (xs) => arrange.vstack(xs),
    reference: (xs) =>
      joined(
        xs.map((x) => (x.shape.length < 2 ? reshaped(x, [1, x.data.length]) : x)),
        0,
      ),
    differentiable: true,
    compare: "exact",
    errors: [refuses("shapes", () => arrange.vstack([z([2, 3]), z([2])]), /^cat: shapes must agree/)],
  },
];

const meshgridRecord: OpRecord<arrange.MeshgridOptions> = {
  name: "meshgrid",
  samples: (draw) =>
    [[[3]], [[3], [4]], [[3], [], [2]], [[0], [2]], [[2], [3], [4], [2]]].flatMap((shapes) =>
      [{}, { indexing: "xy" } as const].map((o) => sample(o, ...shapes.map((s) => draw.normal(s)))),
    ),
  run: (xs, o) => arrange.meshgrid(xs, o),
  reference: (xs, { indexing }) => {
    const place = (k: number) => (indexing === "xy" && xs.length > 1 && k < 2 ? 1 - k : k);
    const shape = xs.map((_, axis) => xs[place(axis)].data.length);
    return xs.map((x, k) => build(shape, (i) => x.data[i[place(k)]]));
  },
  differentiable: true,
  compare: "exact",
  errors: [
    refuses("rank", () => arrange.meshgrid([z([2, 2])]), /^meshgrid: needs scalars or tensors of rank 1/),
    refuses(
      "indexing",
      () => arrange.meshgrid([z([2])], { indexing: "yx" as "xy" }),
      /^meshgrid: indexing must be "ij" or "xy", got yx$/,
      OptionError,
    ),
  ],
};

export const joiningRecords = [
  catRecord,
  stackRecord,
  ...stacks,
  meshgridRecord,
] as unknown as readonly OpRecord[];
