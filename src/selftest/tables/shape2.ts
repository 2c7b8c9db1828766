// Rows of the rarer rearrangements: diagonals, triangles, rolling, grids, masks, writing by index.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import * as arrange from "../../kernels/arrange.ts";
import { type DiagonalOptions, diag, diagEmbed, diagonal } from "../../kernels/diagonal.ts";
import { maskedFill } from "../../kernels/masked.ts";
import { roll } from "../../kernels/roll.ts";
import { scatter, takeAlongDim } from "../../kernels/scatter_write.ts";
import { tril, triu } from "../../kernels/triangle.ts";
import { broadcastShapes, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { at, build, map, type Nd, ravel, reshaped, unravel, zip } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

const refuses = (
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase => ({ name, run, message, type });

const wrap = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** A row of an op of one tensor: its further arguments stand in the samples. f32 everywhere, i32 and bool once. */
function mover<A extends readonly unknown[]>(
  name: string,
  f: (x: Tensor, ...args: A) => Tensor | readonly Tensor[],
  reference: (x: Nd, ...args: A) => Nd | readonly Nd[],
  cases: readonly (readonly [input: Shape, ...args: Partial<A>])[],
  errors: readonly ErrorCase[],
): OpRecord<A> {
  return {
    name,
    samples: (draw) =>
      cases.flatMap(([shape, ...rest], k) => {
        const args = rest as unknown as A;
        const more = k > 0 ? [] : [draw.integers(shape, -9, 9), draw.bool(shape)];
        return [draw.normal(shape), ...more].map((x) => sample(args, x));
      }),
    run: ([x], args) => f(x, ...args),
    reference: ([x], args) => reference(x, ...args),
    differentiable: true,
    compare: "exact",
    errors,
  };
}

function diagonalOf(x: Nd, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Nd {
  const [a, b] = [wrap(axis1, x.shape.length), wrap(axis2, x.shape.length)];
  const rest = x.shape.filter((_, i) => i !== a && i !== b);
  let n = 0;
  while (n + Math.max(-offset, 0) < x.shape[a] && n + Math.max(offset, 0) < x.shape[b]) n++;
  return build([...rest, n], (index) => {
    const k = index.at(-1)!;
    const others = index.slice(0, -1);
    return at(
      x,
      x.shape.map((_, i) =>
        i === a ? k + Math.max(-offset, 0) : i === b ? k + Math.max(offset, 0) : others.shift()!,
      ),
    );
  });
}

function embedded(x: Nd, { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions = {}): Nd {
  const rank = x.shape.length + 1;
  const [a, b] = [wrap(axis1, rank), wrap(axis2, rank)];
  const size = x.shape.at(-1)! + Math.abs(offset);
  const batch = x.shape.slice(0, -1);
  const shape = Array.from({ length: rank }, (_, i) => (i === a || i === b ? size : batch.shift()!));
  return build(shape, (index) => {
    if (index[b] - index[a] !== offset) return 0;
    const others = index.filter((_, i) => i !== a && i !== b);
    return at(x, [...others, Math.min(index[a], index[b])]);
  });
}

const triangle =
  (upper: boolean) =>
  (x: Nd, diagonal = 0) =>
    build(x.shape, (index, flat) => {
      const [r, c] = index.slice(-2);
      return (upper ? c - r >= diagonal : c - r <= diagonal) ? x.data[flat] : 0;
    });

function rolled(x: Nd, shifts: number | readonly number[], axes?: number | readonly number[]): Nd {
  if (axes === undefined) {
    const n = x.data.length;
    const by = typeof shifts === "number" ? shifts : shifts[0];
    return build(x.shape, (_, i) => x.data[(((i - by) % n) + n) % n]);
  }
  const [s, a] = [[shifts].flat(), [axes].flat()];
  return a.reduce((t, axis, k) => {
    const on = wrap(axis, t.shape.length);
    const n = t.shape[on];
    return build(t.shape, (i) => at(t, i.with(on, (((i[on] - s[k]) % n) + n) % n)));
  }, x);
}

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

const movers = [
  mover(
    "diagonal",
    diagonal,
    diagonalOf,
    [
      [[3, 4]],
      [[4, 3], { offset: 1 }],
      [[4, 3], { offset: -2 }],
      [[4, 3], { offset: 7 }],
      [[2, 3, 4], { axis1: -2, axis2: -1, offset: 1 }],
      [[2, 3, 4], { axis1: 2, axis2: 0 }],
      [[2, 3, 4, 5], { axis1: 1, axis2: 3, offset: -1 }],
      [[0, 3]],
      [[67, 67]],
    ],
    [
      refuses("rank", () => diagonal(z([3])), /^diagonal: needs two axes, x \[3\]$/),
      refuses(
        "axes",
        () => diagonal(z([3, 3]), { axis1: 0, axis2: -2 }),
        /^diagonal: needs two different axes, got 0 and -2 of \[3,3\]$/,
      ),
      refuses(
        "offset",
        () => diagonal(z([3, 3]), { offset: 0.5 }),
        /^diagonal: offset must be an integer, got 0.5$/,
        OptionError,
      ),
    ],
  ),
  mover(
    "diagEmbed",
    diagEmbed,
    embedded,
    [
      [[3]],
      [[2, 3]],
      [[2, 3], { offset: 1 }],
      [[2, 3], { offset: -2, axis1: 0, axis2: 2 }],
      [[2, 3], { axis1: 1, axis2: 0, offset: 1 }],
      [[0]],
      [[67]],
    ],
    [refuses("scalar", () => diagEmbed(z([])), /^diagEmbed: a scalar has no axis to put on a diagonal$/)],
  ),
  mover(
    "diag",
    diag,
    (x: Nd, offset?: number) => (x.shape.length === 1 ? embedded(x, { offset }) : diagonalOf(x, { offset })),
    [[[3]], [[3], 1], [[3, 4], -1], [[3, 4], 2]],
    [refuses("rank", () => diag(z([1, 1, 1])), /^diag: needs rank 1 or 2, x \[1,1,1\]$/)],
  ),
  mover(
    "tril",
    tril,
    triangle(false),
    [[[3, 4]], [[4, 3], 1], [[2, 5, 5], -2], [[2, 2], 9], [[0, 3]], [[67, 33], 3]],
    [
      refuses("rank", () => tril(z([3])), /^tril: needs two axes, x \[3\]$/),
      refuses(
        "diagonal",
        () => tril(z([3, 3]), 0.5),
        /^tril: diagonal must be an integer, got 0.5$/,
        OptionError,
      ),
    ],
  ),
  mover(
    "triu",
    triu,
    triangle(true),
    [[[3, 4]], [[4, 3], 1], [[2, 5, 5], -2], [[2, 2], 9], [[0, 3]], [[67, 33], 3]],
    [refuses("rank", () => triu(z([3])), /^triu: needs two axes, x \[3\]$/)],
  ),
  mover(
    "roll",
    roll,
    rolled,
    [
      [[5], 2],
      [[3, 4], 1],
      [[3, 4], 1, 0],
      [[3, 4], -5, 1],
      [
        [3, 4, 5],
        [1, -2],
        [0, 2],
      ],
      [
        [3, 4, 5],
        [1, 2, 3],
        [0, 1, 2],
      ],
      [[5], [1, 1], [0, 0]],
      [[3, 4], 3, 0],
      [[0, 3], 1, 0],
      [[67, 8], 4, 1],
    ],
    [
      refuses("counts", () => roll(z([3]), [1, 2], 0), /^roll: needs one integer a named axis/, OptionError),
      refuses("axis", () => roll(z([3]), 1, 2), /^roll: axis 2 is out of range for 1 dimensions$/),
    ],
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

/** Joined along an axis. */
const joined = (xs: readonly Nd[], axis: number): Nd => {
  const shape = xs[0].shape.with(
    axis,
    xs.reduce((n, x) => n + x.shape[axis], 0),
  );
  return build(shape, (index) => {
    let rest = index[axis];
    let k = 0;
    while (rest >= xs[k].shape[axis]) rest -= xs[k++].shape[axis];
    return at(xs[k], index.with(axis, rest));
  });
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

export const shape2Records = [
  ...movers,
  ...stacks,
  meshgridRecord,
  maskedFillRecord,
  scatterRecord,
  takeAlongDimRecord,
] as unknown as readonly OpRecord[];
