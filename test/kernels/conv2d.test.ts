// conv2d, its data gradient and its weight gradient: every variant against float64 loops, gradients of every order
// against PyTorch's golden values, zero-size, NaN, determinism, errors.
import { beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  type Conv2dOptions,
  conv2d,
  conv2dDataGradient,
  conv2dParameterGradients,
  conv2dWeightGradient,
} from "../../src/kernels/conv2d.ts";
import { type ConvGeometry, convGeometry } from "../../src/kernels/conv2d_geometry.ts";
import type { Pass } from "../../src/kernels/conv2d_tiles.ts";
import { CONV_VARIANTS, type ConvVariant, takes } from "../../src/kernels/conv2d_variants.ts";
import {
  dataGradientReference,
  forwardReference,
  weightGradientReference,
} from "../../src/selftest/reference/conv2d_reference.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { rand, tensor } from "../../src/tensor/create.ts";
import { numel, type Shape } from "../../src/tensor/shape.ts";
import { empty, type Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

/** Numbers of [-1, 1), the same in every run. */
function noise(size: number, seed: number): Float32Array {
  let s = Math.imul(seed + 1, 2654435761) >>> 0;
  return Float32Array.from({ length: size }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  });
}

const put = (data: Float32Array, shape: Shape, requiresGrad = false) => {
  const t = tensor(data, { shape });
  t.requiresGrad = requiresGrad;
  return t;
};

/** `terms`: how many products each sum has. */
function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, terms = 64, what = ""): void {
  expect(got.length, what).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b) || a === b) continue;
    const bound = 1e-6 * Math.sqrt(terms) * (1 + Math.abs(b));
    if (!(Math.abs(a - b) <= bound)) expect.fail(`${what}: at ${i} got ${a}, expected ${b}`);
  }
}

type Case = readonly [name: string, x: Shape, weight: Shape, options: Conv2dOptions];

const CASES: readonly Case[] = [
  ["LeNet's first", [2, 1, 28, 28], [8, 1, 5, 5], { padding: 2 }],
  ["LeNet's second", [2, 8, 14, 14], [16, 8, 5, 5], { padding: 2 }],
  ["3x3 over 32x32", [1, 4, 32, 32], [6, 4, 3, 3], { padding: 1 }],
  ["1x1", [2, 5, 7, 6], [3, 5, 1, 1], {}],
  ["1x1, stride 2", [2, 4, 7, 6], [5, 4, 1, 1], { stride: 2 }],
  ["ResNet's stem 7x7 / 2", [1, 3, 21, 20], [4, 3, 7, 7], { stride: 2, padding: 3 }],
  ["AlexNet's stem 11x11 / 4", [1, 3, 35, 31], [4, 3, 11, 11], { stride: 4, padding: 2 }],
  ["patches 4x4 / 4", [2, 3, 16, 12], [5, 3, 4, 4], { stride: 4 }],
  ["stride above the kernel", [2, 2, 11, 13], [3, 2, 2, 2], { stride: [3, 4] }],
  ["dilation 3, stride 2", [2, 3, 17, 16], [2, 3, 3, 3], { stride: 2, dilation: 3, padding: 2 }],
  ["stride 2 over dilation 2: half of dx is zero", [1, 2, 12, 13], [3, 2, 3, 3], { stride: 2, dilation: 2 }],
  ["all pairs differ", [2, 3, 19, 20], [5, 3, 4, 2], { stride: [3, 1], dilation: [2, 3], padding: [1, 4] }],
  ["padding above the reach", [1, 2, 4, 5], [3, 2, 2, 3], { padding: [5, 4], stride: [2, 3] }],
  ["depthwise", [2, 6, 9, 10], [6, 1, 3, 3], { padding: 1, groups: 6 }],
  [
    "depthwise, twice the channels, stride 2",
    [1, 3, 9, 8],
    [6, 1, 3, 3],
    { padding: 1, stride: 2, groups: 3 },
  ],
  ["depthwise 3x3, wider than a strip", [2, 3, 13, 19], [3, 1, 3, 3], { padding: 1, groups: 3 }],
  ["depthwise 5x5, thrice the channels", [1, 2, 9, 16], [6, 1, 5, 5], { padding: 2, groups: 2 }],
  [
    "depthwise, dilation 2, padding above the reach",
    [2, 2, 9, 11],
    [2, 1, 3, 3],
    { padding: [5, 6], dilation: 2, groups: 2 },
  ],
  [
    "depthwise, stride 2 over dilation 3",
    [1, 2, 23, 21],
    [4, 1, 3, 2],
    { padding: 2, stride: 2, dilation: 3, groups: 2 },
  ],
  [
    "depthwise, stride 4 over dilation 2",
    [1, 2, 30, 29],
    [2, 1, 4, 3],
    { stride: 4, dilation: 2, groups: 2 },
  ],
  ["depthwise, stride above the kernel", [1, 2, 12, 30], [2, 1, 2, 2], { stride: [3, 4], groups: 2 }],
  ["depthwise of one row", [2, 3, 1, 17], [3, 1, 1, 3], { groups: 3 }],
  ["depthwise of one column", [2, 3, 70, 1], [3, 1, 5, 1], { padding: [2, 0], groups: 3 }],
  ["1x1 in stacks of four channels", [2, 8, 4, 6], [19, 8, 1, 1], {}],
  ["1x1 over 49 pixels, grouped", [3, 8, 7, 7], [12, 4, 1, 1], { groups: 2 }],
  ["1x1 over a prime of pixels", [1, 4, 1, 13], [5, 4, 1, 1], {}],
  ["1x1 with padding", [1, 4, 4, 4], [4, 4, 1, 1], { padding: 1 }],
  ["16 to 16 channels, no tile left over", [2, 16, 8, 16], [16, 16, 3, 3], { padding: 1 }],
  ["5 to 21 channels, dilated", [1, 5, 12, 10], [21, 5, 3, 3], { padding: 2, dilation: [2, 3] }],
  ["three groups", [2, 6, 8, 7], [9, 2, 3, 2], { groups: 3, stride: [1, 2] }],
  ["same, even kernel", [2, 2, 7, 6], [3, 2, 2, 4], { padding: "same" }],
  ["same, even kernel, dilated", [1, 2, 9, 8], [2, 2, 4, 2], { padding: "same", dilation: [1, 3] }],
  ["valid", [1, 2, 5, 6], [2, 2, 3, 3], { padding: "valid" }],
  ["one pixel", [1, 1, 1, 1], [1, 1, 1, 1], {}],
  ["one row", [2, 3, 1, 40], [4, 3, 1, 5], { padding: [0, 2] }],
  ["one column", [2, 3, 40, 1], [4, 3, 5, 1], { padding: [2, 0] }],
  ["17 channels to 9", [1, 17, 5, 6], [9, 17, 3, 3], { padding: 1 }],
  ["rows that fill no tile", [1, 2, 23, 9], [5, 2, 3, 3], {}],
  ["36 to 40 channels, twice", [2, 72, 9, 10], [80, 36, 3, 2], { groups: 2, padding: 1, dilation: [2, 1] }],
  ["2 to 40 channels, four times", [1, 8, 5, 6], [160, 2, 3, 3], { groups: 4, padding: 1 }],
  ["a kernel too tall for registers", [1, 1, 140, 3], [2, 1, 131, 2], { padding: [1, 0] }],
];

const run = {
  forward: (variant: Variant, x: Tensor, weight: Tensor, bias: Tensor | null, g: ConvGeometry) => {
    const y = empty([g.n, g.o, g.oh, g.ow]);
    CONV_VARIANTS[variant].forward({ x, weight, bias, y }, g);
    return y.data();
  },
  dataGradient: (variant: Variant, dy: Tensor, weight: Tensor, g: ConvGeometry) => {
    const dx = empty([g.n, g.c, g.h, g.w]);
    CONV_VARIANTS[variant].dataGradient({ dy, weight, dx }, g);
    return dx.data();
  },
  weightGradient: (variant: Variant, x: Tensor, dy: Tensor, g: ConvGeometry) => {
    const dw = empty([g.o, g.cg, g.kh, g.kw]);
    CONV_VARIANTS[variant].weightGradient({ x, dy, dw }, g);
    return dw.data();
  },
  parameterGradients: (variant: Variant, x: Tensor, dy: Tensor, g: ConvGeometry) => {
    const [dw, db] = [empty([g.o, g.cg, g.kh, g.kw]), empty([g.o])];
    CONV_VARIANTS[variant].weightGradient({ x, dy, dw, db }, g);
    return Promise.all([dw.data(), db.data()]);
  },
};

/** Sums of dy over all but its channels. */
function channelSums(dy: ArrayLike<number>, { n, o, oh, ow }: ConvGeometry): number[] {
  const plane = oh * ow;
  const channel = (k: number) =>
    Array.from({ length: n * plane }, (_, i) => dy[(Math.floor(i / plane) * o + k) * plane + (i % plane)]!);
  return Array.from({ length: o }, (_, k) => channel(k).reduce((a, b) => a + b, 0));
}

type Variant = ConvVariant;
const PASSES: readonly Pass[] = ["forward", "dataGradient", "weightGradient"];
/** Shapes that the variant takes in all passes. */
const NAN_CASES: Readonly<
  Record<Exclude<Variant, "winograd">, readonly [x: Shape, weight: Shape, options: Conv2dOptions]>
> = {
  naive: [[2, 2, 11, 10], [3, 2, 3, 3], { stride: [2, 1] }],
  direct: [[2, 2, 11, 10], [3, 2, 3, 3], { stride: [2, 1] }],
  quad: [[2, 4, 11, 10], [5, 4, 3, 3], {}],
  depthwise: [[2, 2, 11, 10], [2, 1, 3, 3], { groups: 2 }],
  pointwise: [[2, 2, 11, 10], [3, 2, 1, 1], { padding: 0 }],
  implicit: [[2, 2, 11, 10], [3, 2, 3, 3], {}],
};
const VARIANTS = Object.keys(CONV_VARIANTS) as Variant[];

/** Spreads NaN over its tiles, and has no weight gradient. */
const NAN_VARIANTS = VARIANTS.filter((v) => v !== "winograd");

describe.each(VARIANTS)("variant %s", (variant) => {
  test.each(CASES)("%s", async (_, xShape, weightShape, options) => {
    const g = convGeometry("conv2d", xShape, weightShape, options);
    const yShape = [g.n, g.o, g.oh, g.ow];
    const x = noise(numel(xShape), 1);
    const weight = noise(numel(weightShape), 2);
    const bias = noise(g.o, 3);
    const dy = noise(numel(yShape), 4);
    const [tx, tw, tb, tdy] = [put(x, xShape), put(weight, weightShape), put(bias, [g.o]), put(dy, yShape)];
    const fits = (pass: Pass) => takes(variant, pass, g, tx.device);

    if (fits("forward")) {
      const terms = g.cg * g.kh * g.kw;
      const plain = await run.forward(variant, tx, tw, null, g);
      expectClose(plain, forwardReference(x, weight, null, g), terms, "y without bias");
      expectClose(
        await run.forward(variant, tx, tw, tb, g),
        forwardReference(x, weight, bias, g),
        terms,
        "y",
      );
    }
    if (fits("dataGradient")) {
      const dx = await run.dataGradient(variant, tdy, tw, g);
      expectClose(dx, dataGradientReference(dy, weight, g), g.og * g.kh * g.kw, "dx");
    }
    if (fits("weightGradient")) {
      const dw = await run.weightGradient(variant, tx, tdy, g);
      expectClose(dw, weightGradientReference(x, dy, g), g.n * g.oh * g.ow, "dw");
      if (!CONV_VARIANTS[variant].biasGradient) return;
      const [again, db] = await run.parameterGradients(variant, tx, tdy, g);
      expect(again, "dw beside db").toEqual(dw);
      expectClose(db, channelSums(dy, g), g.n * g.oh * g.ow, "db");
    }
  });
});

describe.each(NAN_VARIANTS)("variant %s", (variant) => {
  test("NaN and Inf in x and dy reach exactly what reads them", async () => {
    const [shape, weightShape, options] = NAN_CASES[variant];
    const g = convGeometry("conv2d", shape, weightShape, { padding: 1, ...options });
    const dyShape = [g.n, g.o, g.oh, g.ow];
    const x = noise(numel(shape), 1);
    const weight = noise(numel(weightShape), 2);
    const dy = noise(numel(dyShape), 3);
    x[57] = Infinity; // inside
    x[139] = Number.NaN;
    x[x.length - 10] = -Infinity; // in the last row, which the tiles of the weight gradient leave over
    const tx = put(x, shape);
    for (const pass of PASSES) expect(takes(variant, pass, g, tx.device), pass).toBe(true);
    const y = await run.forward(variant, tx, put(weight, weightShape), null, g);
    expectClose(y, forwardReference(x, weight, null, g));
    const dw = await run.weightGradient(variant, tx, put(dy, dyShape), g);
    expectClose(dw, weightGradientReference(x, dy, g));
    dy[77] = Number.NaN;
    dy[dy.length - 14] = Infinity;
    const dx = await run.dataGradient(variant, put(dy, dyShape), put(weight, weightShape), g);
    expectClose(dx, dataGradientReference(dy, weight, g));
  });
});

describe("golden values of PyTorch", () => {
  test.each(loadGolden<Conv2dOptions>("conv", "conv2d"))("$name", (c) =>
    checkGolden(c as never, ({ x, weight, bias }) => [conv2d(x, weight, bias ?? null, c.options)]),
  );
});

describe("the three ops are each other's gradients", () => {
  const options: Conv2dOptions = { stride: [2, 1], dilation: [1, 2], padding: [1, 2], groups: 2 };
  const shapes = { x: [2, 4, 8, 7], weight: [6, 2, 3, 2] } as const;
  const g = convGeometry("conv2d", shapes.x, shapes.weight, options);
  const yShape = [g.n, g.o, g.oh, g.ow];
  const x = noise(numel(shapes.x), 1);
  const weight = noise(numel(shapes.weight), 2);
  const dy = noise(numel(yShape), 3);

  test("data gradient: in dy it is conv2d, in weight the weight gradient", async () => {
    const [tdy, tw] = [put(dy, yShape, true), put(weight, shapes.weight, true)];
    const dx = conv2dDataGradient(tdy, tw, shapes.x, options);
    const [a, b] = grad(dx, [tdy, tw], { gradOutputs: [put(x, shapes.x)] });
    expectClose(await a!.data(), forwardReference(x, weight, null, g), 64, "in dy");
    expectClose(await b!.data(), weightGradientReference(x, dy, g), 200, "in weight");
  });

  test("weight gradient: in dy it is conv2d, in x the data gradient", async () => {
    const [tx, tdy] = [put(x, shapes.x, true), put(dy, yShape, true)];
    const dw = conv2dWeightGradient(tx, tdy, shapes.weight, options);
    const [a, b] = grad(dw, [tx, tdy], { gradOutputs: [put(weight, shapes.weight)] });
    expectClose(await a!.data(), dataGradientReference(dy, weight, g), 64, "in x");
    expectClose(await b!.data(), forwardReference(x, weight, null, g), 64, "in dy");
  });

  test("a third gradient: of the penalty |dL/dx|^2 of a conv", async () => {
    // p(w) = <dx(w), dx(w)> with dx linear in w: dp/dw = 2 weightGradient(dx, dy), and in dy 2 conv2d(dx, w).
    const [tx, tw, tdy] = [put(x, shapes.x, true), put(weight, shapes.weight, true), put(dy, yShape, true)];
    const y = conv2d(tx, tw, null, options);
    const [dx] = grad(y, [tx], { gradOutputs: [tdy], createGraph: true });
    const twice = put(noise(numel(shapes.x), 9), shapes.x, true);
    const [dw, ddy] = grad(dx!, [tw, tdy], { gradOutputs: [twice], createGraph: true });
    const v = noise(numel(shapes.weight), 10);
    const [third] = grad(dw!, [twice], { gradOutputs: [put(v, shapes.weight)], retainGraph: true });
    expectClose(await third!.data(), dataGradientReference(dy, v, g), 64, "third");
    const u = noise(numel(yShape), 11);
    const [other] = grad(ddy!, [tw], { gradOutputs: [put(u, yShape)] });
    const expected = weightGradientReference(noise(numel(shapes.x), 9), u, g);
    expectClose(await other!.data(), expected, 200, "third, other way");
  });

  test("an input without requiresGrad gets no gradient and costs no dispatch", async () => {
    const tw = put(weight, shapes.weight, true);
    const y = conv2d(put(x, shapes.x), tw, null, options);
    const { rows } = await y.device.profile(() => void grad(y, [tw], { gradOutputs: [put(dy, yShape)] }));
    const labels = rows.map((r) => r.label).join(" ");
    expect(labels).toMatch(/conv2dWeightGradient/);
    expect(labels).not.toMatch(/conv2dDataGradient/);
  });
});

describe("weight and bias together", () => {
  const options: Conv2dOptions = { stride: [2, 1], padding: 1, groups: 2 };
  const shapes = { x: [2, 4, 8, 7], weight: [6, 2, 3, 2] } as const;
  const g = convGeometry("conv2d", shapes.x, shapes.weight, options);
  const yShape = [g.n, g.o, g.oh, g.ow];
  const [x, weight, dy] = [
    noise(numel(shapes.x), 1),
    noise(numel(shapes.weight), 2),
    noise(numel(yShape), 3),
  ];
  const labels = async (t: Tensor, fn: () => void) => (await t.device.profile(fn)).rows.map((r) => r.label);

  test("one pass makes both gradients, and no sum of dy", async () => {
    const [tx, tw] = [put(x, shapes.x), put(weight, shapes.weight, true)];
    const bias = put(noise(g.o, 5), [g.o], true);
    const y = conv2d(tx, tw, bias, options);
    let found: (Tensor | null)[] = [];
    const used = await labels(y, () => {
      found = grad(y, [tw, bias], { gradOutputs: [put(dy, yShape)] });
    });
    expect([...new Set(used)].join()).toMatch(
      /^conv2dParameterGradients\/conv2dWeightGradient(,conv2dParameterGradients\/conv2dWeightGradient.sum)?$|^conv2dWeightGradient(,conv2dWeightGradient.sum)?$/,
    );
    expectClose(await found[0]!.data(), weightGradientReference(x, dy, g), 200, "dw");
    expectClose(await found[1]!.data(), channelSums(dy, g), 200, "db");
  });

  test("a frozen one costs nothing", async () => {
    for (const frozen of ["weight", "bias"]) {
      const tw = put(weight, shapes.weight, frozen !== "weight");
      const bias = put(noise(g.o, 5), [g.o], frozen !== "bias");
      const y = conv2d(put(x, shapes.x), tw, bias, options);
      const left = frozen === "weight" ? bias : tw;
      const used = await labels(y, () => void grad(y, [left], { gradOutputs: [put(dy, yShape)] }));
      const expected =
        frozen === "weight" ? /^sum(,sum)?$/ : /^conv2dWeightGradient(,conv2dWeightGradient.sum)?$/;
      expect([...new Set(used)].join()).toMatch(expected);
    }
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
  ])("gradients of <u, dw> (%s) + <v, db> (%s) in x and dy", async (withU, withV) => {
    const [tx, tdy] = [put(x, shapes.x, true), put(dy, yShape, true)];
    const both = conv2dParameterGradients(tx, tdy, shapes.weight, options);
    const [u, v] = [noise(numel(shapes.weight), 6), noise(g.o, 7)];
    const outs = both.filter((_, k) => [withU, withV][k]);
    const gradOutputs = [put(u, shapes.weight), put(v, [g.o])].filter((_, k) => [withU, withV][k]);
    const [ddx, ddy] = grad(outs, [tx, tdy], { gradOutputs, allowUnused: true });
    const zero = new Float32Array(u.length);
    expectClose(await ddy!.data(), forwardReference(x, withU ? u : zero, withV ? v : null, g), 64, "in dy");
    if (withU) expectClose(await ddx!.data(), dataGradientReference(dy, u, g), 64, "in x");
    else expect(ddx).toBe(null);
  });
});

test("an empty batch: an empty output, zero gradients of weight and bias", async () => {
  const [x, weight, bias] = [
    empty([0, 2, 5, 6]),
    put(noise(54, 1), [3, 2, 3, 3], true),
    put(noise(3, 2), [3], true),
  ];
  x.requiresGrad = true;
  const y = conv2d(x, weight, bias, { padding: 1 });
  expect(y.shape).toEqual([0, 3, 5, 6]);
  expect(await y.data()).toHaveLength(0);
  const [dx, dw, db] = grad(y, [x, weight, bias], { gradOutputs: [empty([0, 3, 5, 6])] });
  expect(dx!.shape).toEqual([0, 2, 5, 6]);
  expectClose(await dw!.data(), new Float32Array(54));
  expectClose(await db!.data(), new Float32Array(3));
});

test("the weight gradient of one batch is bit-identical in two runs, split or not", async () => {
  const [x, dy] = [rand([9, 3, 20, 19]), rand([9, 5, 20, 19])];
  const once = () => conv2dWeightGradient(x, dy, [5, 3, 3, 3], { padding: 1 }).data();
  expect(new Uint32Array((await once()).buffer)).toEqual(new Uint32Array((await once()).buffer));
});

test("more than 65,535 workgroups fold into a second dimension", async () => {
  const side = 2080; // 67,600 workgroups of 64
  const x = put(noise(side * side, 1), [1, 1, side, side]);
  const weight = put(Float32Array.of(0.5), [1, 1, 1, 1]);
  const g = convGeometry("conv2d", x.shape, weight.shape);
  const y = await run.forward("naive", x, weight, null, g);
  const expected = (await x.data()).map((v) => v / 2);
  expect(Buffer.compare(Buffer.from(y.buffer), Buffer.from(expected.buffer))).toBe(0);
});

describe("errors name the op, the rule and the shapes", () => {
  const x = () => empty([8, 3, 32, 32]);
  const w = (...shape: number[]) => empty(shape);
  const bad = (fn: () => unknown, name: string, message: RegExp) => {
    expect(fn).toThrow(message);
    expect(fn).toThrow(expect.objectContaining({ name }));
  };

  test("shapes", () => {
    bad(
      () => conv2d(x(), w(16, 4, 3, 3)),
      "ShapeError",
      /^conv2d: input channels must match weight\.shape\[1\] \* groups, x \[8,3,32,32\], weight \[16,4,3,3\]$/,
    );
    bad(
      () => conv2d(x(), w(4, 1, 3, 3), null, { groups: 3 }),
      "ShapeError",
      /output channels must divide by groups.*groups 3/,
    );
    bad(
      () => conv2d(x(), w(4, 3, 33, 3)),
      "ShapeError",
      /dilated kernel \[33,3\] is larger than the padded input \[32,32\]/,
    );
    bad(
      () => conv2d(x(), w(4, 3, 3, 3), null, { dilation: [1, 16] }),
      "ShapeError",
      /dilated kernel \[3,33\]/,
    );
    bad(() => conv2d(x(), w(4, 3, 0, 3)), "ShapeError", /kernel must not be empty/);
    bad(() => conv2d(empty([32, 32]), w(4, 3, 3, 3)), "ShapeError", /x must have 4 dimensions.*x \[32,32\]/);
    expect(conv2d(empty([3, 8, 8]), w(4, 3, 3, 3)).shape).toEqual([4, 6, 6]);
    bad(() => conv2d(x(), w(4, 3)), "ShapeError", /weight must have 4 dimensions.*weight \[4,3\]/);
    bad(
      () => conv2d(x(), w(4, 3, 3, 3), w(5)),
      "ShapeError",
      /one value per output channel, bias \[5\], weight \[4,3,3,3\]/,
    );
    bad(
      () => conv2dDataGradient(w(8, 4, 32, 32), w(4, 3, 3, 3), [8, 3, 32, 32]),
      "ShapeError",
      /^conv2dDataGradient: dy must have the shape of the output \[8,4,30,30\], dy \[8,4,32,32\]$/,
    );
    bad(
      () => conv2dWeightGradient(x(), w(8, 4, 1, 1), [4, 3, 3, 3]),
      "ShapeError",
      /conv2dWeightGradient: dy must have/,
    );
  });

  test("options", () => {
    const weight = w(4, 3, 3, 3);
    const call = (options: object) => () => conv2d(x(), weight, null, options as Conv2dOptions);
    bad(call({ stride: 0 }), "OptionError", /conv2d: stride must be an integer of at least 1, got 0/);
    bad(call({ stride: [1, 1.5] }), "OptionError", /stride must be an integer of at least 1, got 1\.5/);
    bad(call({ dilation: 0 }), "OptionError", /dilation must be an integer of at least 1/);
    bad(call({ padding: -1 }), "OptionError", /padding must be an integer of at least 0, got -1/);
    bad(call({ padding: [1, 2, 3] }), "OptionError", /padding must be a number or a pair, got \[1,2,3\]/);
    bad(call({ padding: "full" }), "OptionError", /"same" or "valid", got "full"/);
    bad(call({ padding: "same", stride: 2 }), "OptionError", /padding "same" needs stride 1, got \[2,2\]/);
    bad(call({ groups: 0 }), "OptionError", /groups must be an integer of at least 1, got 0/);
  });

  test("dtypes", () => {
    bad(
      () => conv2d(empty([1, 1, 3, 3], "i32"), w(1, 1, 1, 1)),
      "DTypeError",
      /conv2d: takes f32 tensors, x is i32/,
    );
    bad(() => conv2d(w(1, 1, 3, 3), w(1, 1, 1, 1), empty([1], "u32")), "DTypeError", /bias is u32/);
  });
});
