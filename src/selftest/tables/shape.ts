// Rows of the ops that only move elements.
import { DTypeError, OptionError, ShapeError } from "../../gpu/errors.ts";
import { cat, stack } from "../../kernels/concat.ts";
import { expand, repeat } from "../../kernels/expand.ts";
import { flip } from "../../kernels/flip.ts";
import { type BorderMode, pad } from "../../kernels/pad.ts";
import { permute, transpose } from "../../kernels/permute.ts";
import { flatten, reshape, squeeze, unflatten, unsqueeze } from "../../kernels/reshape.ts";
import { narrow, select, slice } from "../../kernels/slice.ts";
import { chunk, split } from "../../kernels/split.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { at, build, type Nd, reshaped } from "../nd.ts";
import { type ErrorCase, type OpRecord, sample } from "../record.ts";
import { z } from "./samples.ts";

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
    samples: (draw) => [
      ...cases.map(([shape, ...args]) => sample(args as unknown as A, draw.normal(shape))),
      ...cases
        .slice(0, 1)
        .flatMap(([shape, ...args]) => [
          sample(args as unknown as A, draw.integers(shape, -9, 9)),
          sample(args as unknown as A, draw.bool(shape)),
        ]),
    ],
    run: ([x], args) => f(x, ...args),
    reference: ([x], args) => reference(x, ...args),
    differentiable: true,
    compare: "exact",
    errors,
  };
}

function refuses(
  name: string,
  run: () => unknown,
  message: RegExp,
  type: ErrorCase["type"] = ShapeError,
): ErrorCase {
  return { name, run, message, type };
}

const fill = (x: Nd, shape: Shape): number[] => {
  const known = shape.reduce((n, s) => (s === -1 ? n : n * s), 1);
  return shape.map((s) => (s === -1 ? x.data.length / known : s));
};
const wrap = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);
/** Part of an axis: the elements at these indices. */
const taken = (x: Nd, axis: number, index: readonly number[]): Nd => {
  const a = wrap(axis, x.shape.length);
  const shape = x.shape.map((s, i) => (i === a ? index.length : s));
  return build(shape, (i) =>
    at(
      x,
      i.map((v, k) => (k === a ? index[v] : v)),
    ),
  );
};
const range = (start: number, count: number, step = 1) =>
  Array.from({ length: count }, (_, i) => start + i * step);

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

const permuted = (x: Nd, axes: Shape): Nd => {
  const order = axes.map((a) => wrap(a, x.shape.length));
  return build(
    order.map((a) => x.shape[a]),
    (i) => {
      const from = new Array<number>(i.length);
      order.forEach((a, k) => {
        from[a] = i[k];
      });
      return at(x, from);
    },
  );
};

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

const parts = (x: Nd, sizes: readonly number[], axis: number): Nd[] => {
  let from = 0;
  return sizes.map((size) => taken(x, axis, range((from += size) - size, size)));
};
const equal = (n: number, size: number) => {
  const count = Math.max(1, Math.ceil(n / size));
  return range(0, count).map((i) => Math.min(size, n - i * size));
};

/** Where element i of an axis of n comes from, by steps: back and forth, held at the ends, or around. */
function bordered(i: number, n: number, mode: BorderMode): number {
  if (mode === "replicate") return i < 0 ? 0 : i >= n ? n - 1 : i;
  if (mode === "circular") return i < 0 ? i + n : i >= n ? i - n : i;
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

const movers = [
  mover(
    "reshape",
    reshape,
    (x, shape) => reshaped(x, fill(x, shape)),
    [
      [
        [3, 4],
        [2, 6],
      ],
      [[3, 4], [-1]],
      [[1], []],
      [
        [0, 3],
        [3, 0],
      ],
    ],
    [
      refuses("size", () => reshape(z([2, 3]), [4]), /^reshape: 6 elements do not fit \[4\]$/),
      refuses("two -1", () => reshape(z([4]), [-1, -1]), /at most one size may be -1/),
    ],
  ),
  mover(
    "flatten",
    flatten,
    (x, start = 0, end = -1) => {
      const [from, to] = [wrap(start, x.shape.length), wrap(end, x.shape.length)];
      const merged = x.shape.slice(from, to + 1).reduce((a, b) => a * b, 1);
      return reshaped(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
    },
    [[[2, 3, 4], 1], [[2, 3, 4]], [[2, 3, 4], 0, 1], [[]], [[2, 0, 3], 1]],
    [
      refuses(
        "order",
        () => flatten(z([2, 3]), 1, 0),
        /^flatten: start must not come after end, 1 and 0 of x \[2,3\]$/,
      ),
    ],
  ),
  mover(
    "unflatten",
    unflatten,
    (x, axis, sizes) => {
      const a = wrap(axis, x.shape.length);
      const inner = fill({ shape: [], data: new Float64Array(x.shape[a]) }, sizes);
      return reshaped(x, [...x.shape.slice(0, a), ...inner, ...x.shape.slice(a + 1)]);
    },
    [
      [[6, 2], 0, [2, 3]],
      [[3, 8], -1, [2, -1]],
    ],
    [refuses("size", () => unflatten(z([2, 5]), 1, [2, 2]), /^unflatten: 5 elements do not fit \[2,2\]$/)],
  ),
  mover(
    "squeeze",
    squeeze as (x: Tensor, axes?: number | readonly number[]) => Tensor,
    (x, axes) => {
      const named =
        axes === undefined ? range(0, x.shape.length) : [axes].flat().map((a) => wrap(a, x.shape.length));
      return reshaped(
        x,
        x.shape.filter((s, i) => s !== 1 || !named.includes(i)),
      );
    },
    [
      [[1, 3, 1]],
      [[1, 3, 1], -1],
      [
        [1, 3, 1],
        [0, 1],
      ],
      [[1, 1]],
    ],
    [refuses("axis", () => squeeze(z([1]), 3), /^squeeze: axis 3 is out of range/)],
  ),
  mover(
    "unsqueeze",
    unsqueeze,
    (x, axis) => {
      const a = wrap(axis, x.shape.length + 1);
      return reshaped(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)]);
    },
    [
      [[3, 4], 1],
      [[3, 4], -1],
      [[], 0],
    ],
    [refuses("axis", () => unsqueeze(z([2]), 2), /^unsqueeze: axis 2 is out of range/)],
  ),
  mover(
    "permute",
    permute,
    permuted,
    [
      [
        [3, 5],
        [1, 0],
      ],
      [
        [2, 3, 4],
        [2, 0, 1],
      ],
      [
        [2, 3, 4, 5],
        [0, 2, -1, 1],
      ],
      [
        [1, 7, 1, 3],
        [2, 1, 0, 3],
      ],
      [
        [33, 65],
        [1, 0],
      ],
      [
        [0, 3],
        [1, 0],
      ],
      [[], []],
    ],
    [
      refuses(
        "axes",
        () => permute(z([2, 3]), [0, 0]),
        /^permute: axes must name every axis once, axes \[0,0\], x \[2,3\]$/,
      ),
    ],
  ),
  mover(
    "transpose",
    transpose,
    (x, a, b) => {
      const order = range(0, x.shape.length);
      [order[wrap(a, order.length)], order[wrap(b, order.length)]] = [
        wrap(b, order.length),
        wrap(a, order.length),
      ];
      return permuted(x, order);
    },
    [
      [[3, 5], 0, 1],
      [[2, 3, 4], -1, 0],
      [[2, 1, 4], 1, 2],
    ],
    [refuses("axis", () => transpose(z([2]), 0, 1), /^transpose: axis 1 is out of range/)],
  ),
  mover(
    "flip",
    flip,
    (x, axes) =>
      [axes].flat().reduce((y, a) => taken(y, a, range(0, y.shape[wrap(a, y.shape.length)]).reverse()), x),
    [
      [[3, 5], 1],
      [
        [3, 5],
        [0, -1],
      ],
      [[2, 3, 64], 2],
      [[0, 3], 0],
      [[5], []],
    ],
    [refuses("axis", () => flip(z([2]), 1), /^flip: axis 1 is out of range/)],
  ),
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
];

interface Axis {
  readonly axis: number;
}

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

export const shapeRecords = [...movers, catRecord, stackRecord] as unknown as readonly OpRecord[];
