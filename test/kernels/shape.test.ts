// Shape ops against nested indices: forward in every dtype, gradients up to the third, properties over random shapes,
// storage sharing, errors.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import { cat, stack } from "../../src/kernels/concat.ts";
import { expand, repeat } from "../../src/kernels/expand.ts";
import { flip } from "../../src/kernels/flip.ts";
import { pad } from "../../src/kernels/pad.ts";
import { permute, transpose } from "../../src/kernels/permute.ts";
import { flatten, reshape, squeeze, unflatten, unsqueeze } from "../../src/kernels/reshape.ts";
import { narrow, select, slice } from "../../src/kernels/slice.ts";
import { chunk, split } from "../../src/kernels/split.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { zeros } from "../../src/tensor/create.ts";
import { numel, type Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { at, build, checkDTypes, checkLinear, expectNd, integers, type Nd, put } from "./nd.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const as =
  (shape: Shape) =>
  (x: Nd): Nd => ({ shape, data: x.data });

const permuted = (axes: Shape) => (x: Nd) =>
  build(
    axes.map((a) => x.shape[a]!),
    (i) => {
      const source = new Array<number>(i.length);
      for (const [k, a] of axes.entries()) source[a] = i[k]!;
      return at(x, source);
    },
  );

/** NumPy's x[start:end:step], from Python's slice.indices. */
const sliced = (axis: number, start: number | null, end: number | null, step: number) => (x: Nd) => {
  const n = x.shape[axis]!;
  const clip = (v: number, low: number, high: number) => Math.max(low, Math.min(high, v < 0 ? v + n : v));
  const picked: number[] = [];
  if (step > 0) {
    const stop = end === null ? n : clip(end, 0, n);
    for (let i = start === null ? 0 : clip(start, 0, n); i < stop; i += step) picked.push(i);
  } else {
    const stop = end === null ? -1 : clip(end, -1, n - 1);
    for (let i = start === null ? n - 1 : clip(start, -1, n - 1); i > stop; i += step) picked.push(i);
  }
  const shape = x.shape.map((s, i) => (i === axis ? picked.length : s));
  return build(shape, (i) => at(x, i.with(axis, picked[i[axis]!]!)));
};

const flipped = (axes: Shape) => (x: Nd) =>
  build(x.shape, (i) =>
    at(
      x,
      i.map((v, a) => (axes.includes(a) ? x.shape[a]! - 1 - v : v)),
    ),
  );

/** `pads` by axis, from the first. */
const padded =
  (pads: readonly (readonly [number, number])[], value = 0) =>
  (x: Nd) =>
    build(
      x.shape.map((s, a) => s + pads[a]![0] + pads[a]![1]),
      (i) => {
        const source = i.map((v, a) => v - pads[a]![0]);
        return source.every((v, a) => v >= 0 && v < x.shape[a]!) ? at(x, source) : value;
      },
    );

const torchPads = (pads: readonly (readonly [number, number])[]) => [...pads].reverse().flat();

const broadcast = (shape: Shape) => (x: Nd) =>
  build(shape, (i) =>
    at(
      x,
      i.slice(shape.length - x.shape.length).map((v, a) => (x.shape[a] === 1 ? 0 : v)),
    ),
  );

const tiled = (counts: Shape) => (x: Nd) => {
  const sizes = [...new Array<number>(counts.length - x.shape.length).fill(1), ...x.shape];
  const wide = { shape: sizes, data: x.data };
  return build(
    sizes.map((s, i) => s * counts[i]!),
    (i) =>
      at(
        wide,
        i.map((v, a) => v % sizes[a]!),
      ),
  );
};

type Row = readonly [name: string, shape: Shape, op: (x: Tensor) => Tensor, ref: (x: Nd) => Nd];

const ROWS: readonly Row[] = [
  ["reshape", [2, 3, 4], (x) => reshape(x, [4, -1]), as([4, 6])],
  ["reshape to a scalar", [1, 1], (x) => reshape(x, []), as([])],
  ["reshape of nothing", [0, 3], (x) => reshape(x, [3, 0, 2]), as([3, 0, 2])],
  ["flatten", [2, 3, 4], (x) => flatten(x), as([24])],
  ["flatten 1", [2, 3, 4], (x) => flatten(x, 1), as([2, 12])],
  ["flatten 0 to 1", [2, 3, 4], (x) => flatten(x, 0, -2), as([6, 4])],
  ["flatten a scalar", [], (x) => flatten(x), as([1])],
  ["unflatten", [2, 12], (x) => unflatten(x, -1, [3, -1]), as([2, 3, 4])],
  ["squeeze", [1, 3, 1], (x) => squeeze(x), as([3])],
  ["squeeze 0", [1, 3, 1], (x) => squeeze(x, 0), as([3, 1])],
  ["squeeze 0 and 1", [1, 3, 1], (x) => squeeze(x, [0, 1]), as([3, 1])],
  ["squeeze nothing", [1, 3], (x) => squeeze(x, []), as([1, 3])],
  ["unsqueeze", [3, 2], (x) => unsqueeze(x, -1), as([3, 2, 1])],
  ["unsqueeze a scalar", [], (x) => unsqueeze(x, 0), as([1])],
  ["permute", [2, 3, 5], (x) => permute(x, [2, 0, 1]), permuted([2, 0, 1])],
  ["permute that keeps the last", [3, 2, 8], (x) => permute(x, [1, 0, -1]), permuted([1, 0, 2])],
  ["permute of 4", [2, 3, 2, 5], (x) => permute(x, [0, 3, 1, 2]), permuted([0, 3, 1, 2])],
  ["permute of 6", [2, 1, 3, 2, 2, 3], (x) => permute(x, [5, 3, 1, 4, 0, 2]), permuted([5, 3, 1, 4, 0, 2])],
  ["permute that moves ones only", [1, 3, 1, 2], (x) => permute(x, [1, 0, 3, 2]), permuted([1, 0, 3, 2])],
  ["permute of a scalar", [], (x) => permute(x, []), as([])],
  ["permute of nothing", [2, 0, 3], (x) => permute(x, [2, 1, 0]), permuted([2, 1, 0])],
  ["transpose", [3, 7], (x) => transpose(x, 0, 1), permuted([1, 0])],
  ["transpose -2, -1", [2, 4, 6], (x) => transpose(x, -2, -1), permuted([0, 2, 1])],
  ["slice", [3, 7], (x) => slice(x, 1, 1, 5), sliced(1, 1, 5, 1)],
  ["slice by 3", [8, 2], (x) => slice(x, 0, 1, null, 3), sliced(0, 1, null, 3)],
  ["slice backwards", [2, 7], (x) => slice(x, -1, null, null, -1), sliced(1, null, null, -1)],
  ["slice -2 to -6 by -2", [2, 7], (x) => slice(x, 1, -2, -6, -2), sliced(1, -2, -6, -2)],
  ["slice in vectors", [4, 8], (x) => slice(x, 0, 1, 3), sliced(0, 1, 3, 1)],
  ["empty slice", [4, 2], (x) => slice(x, 0, 3, 1), sliced(0, 3, 1, 1)],
  ["whole slice", [4, 2], (x) => slice(x, 0), sliced(0, null, null, 1)],
  ["narrow", [3, 6], (x) => narrow(x, 1, -4, 3), sliced(1, 2, 5, 1)],
  ["select", [3, 4], (x) => select(x, 0, -1), (x) => ({ shape: [4], data: x.data.slice(8) })],
  ["flip", [2, 3, 5], (x) => flip(x, [0, -1]), flipped([0, 2])],
  ["flip in vectors", [3, 4], (x) => flip(x, 0), flipped([0])],
  ["flip nothing", [3, 1], (x) => flip(x, 1), (x) => x],
  [
    "pad",
    [2, 3],
    (x) => pad(x, [1, 2]),
    padded([
      [0, 0],
      [1, 2],
    ]),
  ],
  [
    "pad and crop",
    [4, 3, 5],
    (x) => pad(x, [-1, 2, 0, 0, 1, -2]),
    padded([
      [1, -2],
      [0, 0],
      [-1, 2],
    ]),
  ],
  [
    "crop",
    [4, 5],
    (x) => pad(x, [-1, -1, -2, 0]),
    padded([
      [-2, 0],
      [-1, -1],
    ]),
  ],
  [
    "pad nothing",
    [0, 2],
    (x) => pad(x, [0, 0, 1, 1]),
    padded([
      [1, 1],
      [0, 0],
    ]),
  ],
  ["expand", [3, 1], (x) => expand(x, [2, -1, 4]), broadcast([2, 3, 4])],
  ["expand a scalar", [], (x) => expand(x, [2, 2]), broadcast([2, 2])],
  ["expand to nothing", [1, 2], (x) => expand(x, [0, 2]), broadcast([0, 2])],
  ["repeat", [2, 3], (x) => repeat(x, [2, 1, 3]), tiled([2, 1, 3])],
  ["repeat no times", [2, 3], (x) => repeat(x, [0, 1]), tiled([0, 1])],
];

describe("every shape op", () => {
  test.each(ROWS)("%s", async (_, shape, op, ref) => {
    await checkLinear(op, ref, shape);
    await checkDTypes(op, ref, shape);
  });
});

describe("joining and splitting", () => {
  const joined = (parts: readonly Nd[], axis: number) => {
    const owners = parts.flatMap((p, k) => Array.from({ length: p.shape[axis]! }, (_, i) => [k, i] as const));
    return build(parts[0]!.shape.with(axis, owners.length), (i) => {
      const [k, own] = owners[i[axis]!]!;
      return at(parts[k]!, i.with(axis, own));
    });
  };

  test.each([[0], [1], [2], [-1]])("cat along %i, gradients for each", async (axis) => {
    const parts = [3, 1, 0, 4].map((n, k) => integers([2, 3, 4].with(axis, n), k + 1));
    const tensors = parts.map((p) => put(p, true));
    const list = [...tensors];
    const y = cat(list, axis);
    list.length = 0; // the caller's list is the caller's
    await expectNd(y, joined(parts, axis < 0 ? 2 : axis));
    const dyData = integers(y.shape, 9);
    const dy = put(dyData, true);
    const dxs = grad(y, tensors, { gradOutputs: [dy], createGraph: true });
    for (const [k, dx] of dxs.entries()) {
      const from = parts.slice(0, k).reduce((n, p) => n + p.shape.at(axis)!, 0);
      await expectNd(
        dx,
        sliced(axis < 0 ? 2 : axis, from, from + parts[k]!.shape.at(axis)!, 1)(dyData),
        `gradient ${k}`,
      );
    }
    // One gradient only: the others are zero.
    const [ddy] = grad(dxs[0]!, [dy], { gradOutputs: [put(parts[0]!)] });
    const zero = parts.map((p, k) => (k === 0 ? p : { shape: p.shape, data: p.data.map(() => 0) }));
    await expectNd(ddy!, joined(zero, axis < 0 ? 2 : axis), "gradient of the gradient");
  });

  test("cat as one op among others; more than eight; one; twice the same", async () => {
    const zero = { shape: [2, 3], data: new Array<number>(6).fill(0) };
    await checkLinear(
      (x) => cat([put(zero), x, x], 1),
      (x) => joined([zero, x, x], 1),
      [2, 2],
    );
    await checkLinear(
      (x) => cat([x], 0),
      (x) => x,
      [2, 2],
    );
    const many = Array.from({ length: 20 }, (_, k) => integers([1 + (k % 3), 4], k));
    await expectNd(
      cat(
        many.map((p) => put(p)),
        0,
      ),
      joined(many, 0),
    );
    const whole = many.map((p) => ({ shape: p.shape, data: p.data.map((v) => v + 1000) }));
    await expectNd(cat(whole.map((p) => put(p, false, "i32"))), joined(whole, 0));
  });

  test("stack", async () => {
    for (const axis of [0, 1, 2]) {
      const stacked = (x: Nd) =>
        joined(
          [x, x, x].map((p) => ({ shape: p.shape.toSpliced(axis, 0, 1), data: p.data })),
          axis,
        );
      await checkLinear((x) => stack([x, x, x], axis), stacked, [2, 3]);
    }
    await checkLinear(
      (x) => stack([x, x]),
      (x) => ({ shape: [2], data: [...x.data, ...x.data] }),
      [],
    );
  });

  test("split and chunk, gradients of some parts", async () => {
    const sizes = (list: Tensor[]) => list.map((t) => t.shape[1]);
    const x = put(integers([2, 7]), true);
    expect(sizes(split(x, 3, 1))).toEqual([3, 3, 1]);
    expect(sizes(split(x, [2, 0, 5], 1))).toEqual([2, 0, 5]);
    expect(sizes(chunk(x, 3, 1))).toEqual([3, 3, 1]);
    expect(sizes(chunk(x, 100, -1))).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(split(zeros([0, 2]), 3).map((t) => t.shape)).toEqual([[0, 2]]);
    for (const part of [0, 1, 2]) {
      await checkLinear(
        (t) => split(t, [2, 1, 4], 1)[part]!,
        sliced(1, [0, 2, 3][part]!, [2, 3, 7][part]!, 1),
        [2, 7],
      );
    }
    await checkLinear(
      (t) => cat(split(t, 2, 0).reverse(), 0),
      (a) => joined([sliced(0, 4, 5, 1)(a), sliced(0, 2, 4, 1)(a), sliced(0, 0, 2, 1)(a)], 0),
      [5, 3],
    );
  });
});

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
const RUNS = { numRuns: 60 };

describe("random shapes", () => {
  test("permute", async () => {
    const cases = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([shape, axes]) => {
        const x = integers(shape);
        await expectNd(permute(put(x), axes), permuted(axes)(x));
      }),
      RUNS,
    );
  });

  test("reshape keeps the order", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async (shape, k) => {
        const x = integers(shape);
        const cut = k % (shape.length + 1);
        const other = [numel(shape.slice(0, cut)), numel(shape.slice(cut))];
        await expectNd(reshape(put(x), other), as(other)(x));
      }),
      { numRuns: 20 },
    );
  });

  test("slice", async () => {
    const bound = fc.option(fc.integer({ min: -6, max: 6 }));
    const step = fc.integer({ min: -3, max: 3 }).filter((s) => s !== 0);
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), bound, bound, step, async (shape, k, start, end, by) => {
        const x = integers(shape);
        const axis = k % shape.length;
        await expectNd(slice(put(x), axis, start, end, by), sliced(axis, start, end, by)(x));
      }),
      RUNS,
    );
  });

  test("flip", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(31), async (shape, bits) => {
        const x = integers(shape);
        const axes = [...shape.keys()].filter((a) => bits & (1 << a));
        await expectNd(flip(put(x), axes), flipped(axes)(x));
      }),
      RUNS,
    );
  });

  test("pad", async () => {
    const pads = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.tuple(
          ...shape.map((s) =>
            fc.tuple(
              fc.integer({ min: -Math.floor(s / 2), max: 3 }),
              fc.integer({ min: -Math.floor(s / 2), max: 3 }),
            ),
          ),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(pads, fc.integer({ min: -2, max: 2 }), async ([shape, border], value) => {
        const x = integers(shape);
        await expectNd(pad(put(x), torchPads(border), value), padded(border, value)(x));
      }),
      RUNS,
    );
  });
});

describe("storage", () => {
  test("views share it, copies do not", () => {
    const x = zeros([2, 1, 3]);
    const views = [
      reshape(x, [6]),
      flatten(x),
      squeeze(x),
      unsqueeze(x, 0),
      permute(x, [1, 0, 2]),
      transpose(x, 0, 1),
      pad(x, []),
      flip(x, 1),
    ];
    for (const v of views) expect(v.storage).toBe(x.storage);
    for (const c of [permute(x, [2, 1, 0]), slice(x, 2, 1), flip(x, 0)])
      expect(c.storage).not.toBe(x.storage);
  });

  test("eight axes that do not merge; large transposes", async () => {
    const eight = integers([2, 2, 3, 2, 2, 2, 2, 2]);
    const back = [7, 6, 5, 4, 3, 2, 1, 0];
    await expectNd(permute(put(eight), back), permuted(back)(eight));
    const wide = integers([3, 70, 130]);
    await expectNd(transpose(put(wide), 1, 2), permuted([0, 2, 1])(wide));
  });

  test("NaN and infinity survive copies bit by bit; borders of infinity and of truth", async () => {
    const x = put({ shape: [4], data: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1] });
    expect([...(await flip(x, 0).data())]).toEqual([1, -0, Number.POSITIVE_INFINITY, Number.NaN]);
    const far = pad(x, [1, 0], Number.NEGATIVE_INFINITY);
    expect((await far.data())[0]).toBe(Number.NEGATIVE_INFINITY);
    const truth = put({ shape: [2], data: [0, 1] }, false, "bool");
    expect([...(await pad(truth, [1, 1], 7).data())]).toEqual([1, 0, 1, 1]);
  });
});

describe("errors", () => {
  const x = () => zeros([2, 3]);
  const rows: [string, () => unknown, RegExp][] = [
    ["reshape", () => reshape(x(), [4]), /^reshape: 6 elements do not fit \[4\]$/],
    ["reshape, two -1", () => reshape(x(), [-1, -1]), /^reshape: at most one size may be -1/],
    ["flatten", () => flatten(x(), 1, 0), /^flatten: start must not come after end.*\[2,3\]/],
    ["unflatten", () => unflatten(x(), 1, [2, 2]), /^unflatten: 3 elements do not fit \[2,2\]$/],
    ["unsqueeze", () => unsqueeze(x(), 3), /^unsqueeze: axis 3 is out of range/],
    [
      "permute",
      () => permute(x(), [0, 0]),
      /^permute: axes must name every axis once, axes \[0,0\], x \[2,3\]$/,
    ],
    ["transpose", () => transpose(x(), 0, 2), /^transpose: axis 2 is out of range for 2 dimensions$/],
    ["slice, step 0", () => slice(x(), 0, 0, 1, 0), /^slice: .*step not 0/],
    ["slice of a scalar", () => slice(zeros([]), 0), /^slice: a scalar has no axis/],
    ["narrow", () => narrow(x(), 1, 2, 2), /^narrow: start 2, length 2 reach outside axis 1 of x \[2,3\]$/],
    ["select", () => select(x(), 0, 2), /^select: index 2 is outside axis 0 of x \[2,3\]$/],
    ["flip", () => flip(x(), 2), /^flip: axis 2 is out of range/],
    ["pad", () => pad(x(), [1]), /^pad: pads must be pairs of integers.*\[1\] for x \[2,3\]$/],
    ["pad, crop", () => pad(x(), [-2, -2]), /^pad: cannot crop more than there is.*x \[2,3\]$/],
    [
      "cat",
      () => cat([x(), zeros([3, 3])], 1),
      /^cat: shapes must agree but for axis 1, \[2,3\] and \[3,3\]$/,
    ],
    [
      "cat, dtypes",
      () => cat([x(), zeros([2, 3], { dtype: "i32" })]),
      /^cat: dtypes must agree, got f32, i32$/,
    ],
    ["cat of none", () => cat([]), /^cat: needs at least one tensor$/],
    ["cat of scalars", () => cat([zeros([])]), /^cat: scalars have no axis/],
    ["stack", () => stack([x(), zeros([3])]), /^stack: shapes must agree, \[2,3\] and \[3\]$/],
    ["split", () => split(x(), [1, 1], 1), /^split: sizes \[1,1\] do not add up to axis 1 of x \[2,3\]$/],
    ["split by 0", () => split(x(), 0), /^split: needs a size of 1 or more/],
    ["chunk", () => chunk(x(), 0), /^chunk: needs a count of 1 or more, got 0$/],
    ["expand", () => expand(x(), [3, 3]), /^expand: x must broadcast to shape, x \[2,3\], shape \[3,3\]$/],
    ["repeat", () => repeat(x(), [2]), /^repeat: needs a count for every axis, counts \[2\], x \[2,3\]$/],
  ];
  test.each(rows)("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
