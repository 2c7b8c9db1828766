// matmul, batchedMatmul and linear: every rung of the ladder against float64 loops, gradients and second gradients against
// the same loops, broadcast batches, zero sizes, split k, NaN and infinity at the edges, errors.
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { linear } from "../../src/kernels/linear.ts";
import { type BatchedMatmulOptions, batchedMatmul, matmul } from "../../src/kernels/matmul.ts";
import { batchLayout } from "../../src/kernels/matmul_batch.ts";
import { type MatmulPlan, planMatmul } from "../../src/kernels/matmul_plan.ts";
import {
  type Array64,
  matmulGradients,
  matmulReference,
  matmulSecondGradients,
  noise,
  swapLastTwo,
} from "../../src/selftest/reference/matmul_reference.ts";
import { grad } from "../../src/tensor/autograd.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice({ debug: true });
});

const put = (a: Array64, requiresGrad = false): Tensor => {
  const t = tensor(Float32Array.from(a.data), { shape: a.shape });
  t.requiresGrad = requiresGrad;
  return t;
};

async function expectClose(got: Tensor, want: Array64, terms = 64, what = ""): Promise<void> {
  expect(got.shape, what).toEqual(want.shape);
  const data = await got.data();
  const bound = 3e-7 * Math.sqrt(terms + 1) * 4;
  for (let i = 0; i < data.length; i++) {
    const [a, b] = [data[i]!, want.data[i]!];
    if (!(Math.abs(a - b) <= bound * (1 + Math.abs(b))))
      expect.fail(`${what}: at ${i} got ${a}, expected ${b}`);
  }
}

const PLANS: Readonly<Record<string, Partial<MatmulPlan>>> = {
  naive: { rung: "naive", splits: 1 },
  tiled: { rung: "tiled", splits: 1 },
  "register 8x8": { rung: "register", tm: 8, lanes: 16, splits: 1 },
  "register 4x8, split 3": { rung: "register", tm: 4, lanes: 8, splits: 3 },
  "quad 16x4": { rung: "quad", tm: 16, lanes: 16, splits: 1 },
  "quad 4x4, split 2": { rung: "quad", tm: 4, lanes: 4, splits: 2 },
};

// m, n, k: one, below and above a vec4, a tile, a workgroup, multiples of four and not
const SIZES: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 1, 1],
  [3, 5, 7],
  [16, 64, 32],
  [1, 37, 20],
  [29, 1, 33],
  [65, 132, 18],
  [20, 70, 44],
];

describe("every rung, every storage order", () => {
  for (const [name, plan] of Object.entries(PLANS)) {
    test(name, async ({ skip }) => {
      if (plan.rung === "quad" && !device.features.has("subgroups")) skip("the adapter has no subgroups");
      for (const [m, n, k] of SIZES) {
        const a = noise([2, m, k], m);
        const b = noise([2, k, n], n + 7);
        const want = matmulReference(a, b);
        for (const transA of [false, true]) {
          for (const transB of [false, true]) {
            const options: BatchedMatmulOptions = { transA, transB, plan };
            const y = batchedMatmul(
              put(transA ? swapLastTwo(a) : a),
              put(transB ? swapLastTwo(b) : b),
              options,
            );
            await expectClose(
              y,
              want,
              k,
              `${name} ${m}x${n}x${k} ${transA ? "T" : "N"}${transB ? "T" : "N"}`,
            );
          }
        }
      }
    });
  }

  test("the table's own choice, small to large", async () => {
    for (const [m, n, k] of [
      [64, 256, 784],
      [256, 784, 64],
      [2, 3, 5000],
      [7, 40, 3001],
      [512, 12, 9],
    ] as const) {
      const [a, b] = [noise([m, k], 1), noise([k, n], 2)];
      await expectClose(matmul(put(a), put(b)), matmulReference(a, b), k, `${m}x${n}x${k}`);
    }
  });
});

describe("torch.matmul's shapes", () => {
  const CASES: readonly (readonly [a: Shape, b: Shape, y: Shape])[] = [
    [[5], [5], []],
    [[5], [5, 3], [3]],
    [[4, 5], [5], [4]],
    [[2, 4, 5], [5], [2, 4]],
    [[5], [2, 5, 3], [2, 3]],
    [
      [3, 4, 5],
      [5, 6],
      [3, 4, 6],
    ],
    [
      [4, 5],
      [3, 5, 6],
      [3, 4, 6],
    ],
    [
      [3, 1, 4, 5],
      [2, 5, 6],
      [3, 2, 4, 6],
    ],
    [
      [1, 2, 4, 5],
      [3, 1, 5, 6],
      [3, 2, 4, 6],
    ],
    [
      [2, 1, 3, 4, 5],
      [3, 1, 5, 6],
      [2, 3, 3, 4, 6],
    ],
    [
      [2, 1, 3, 1, 4, 5],
      [1, 3, 1, 2, 5, 6],
      [2, 3, 3, 2, 4, 6],
    ], // more alternations than the kernels take
    [
      [0, 5],
      [5, 3],
      [0, 3],
    ],
    [
      [4, 0],
      [0, 3],
      [4, 3],
    ],
    [
      [4, 5],
      [5, 0],
      [4, 0],
    ],
    [
      [0, 4, 5],
      [5, 3],
      [0, 4, 3],
    ],
    [
      [2, 4, 0],
      [2, 0, 8],
      [2, 4, 8],
    ],
  ];
  test.each(CASES)("%j x %j", async (sa, sb, sy) => {
    const [a, b] = [noise(sa, 3), noise(sb, 4)];
    const want = matmulReference(a, b);
    expect(want.shape).toEqual(sy);
    const [ta, tb] = [put(a, true), put(b, true)];
    const y = matmul(ta, tb);
    await expectClose(y, want, 5);
    const dy = noise(sy, 5);
    const [da, db] = grad([y], [ta, tb], { gradOutputs: [put(dy)] });
    const expected = matmulGradients(a, b, dy);
    await expectClose(da!, expected.da, 30, "da");
    await expectClose(db!, expected.db, 30, "db");
  });
});

describe("gradients", () => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])("of both operands, and second ones, transA %s transB %s", async (transA, transB) => {
    const [m, n, k] = [6, 9, 13];
    for (const [batchA, batchB] of [
      [[2], [2]],
      [[], [3]],
      [[3], []],
      [[2, 1], [3]],
    ] as const) {
      const [a, b] = [noise([...batchA, m, k], 1), noise([...batchB, k, n], 2)];
      const y = matmulReference(a, b);
      const [dy, va, vb] = [noise(y.shape, 3), noise(a.shape, 4), noise(b.shape, 5)];
      const first = matmulGradients(a, b, dy);
      const second = matmulSecondGradients(a, b, dy, va, vb);
      const sideA = (t: Array64) => (transA ? swapLastTwo(t) : t);
      const sideB = (t: Array64) => (transB ? swapLastTwo(t) : t);
      const [ta, tb, tdy] = [put(sideA(a), true), put(sideB(b), true), put(dy, true)];
      const what = JSON.stringify([batchA, batchB]);
      const ty = batchedMatmul(ta, tb, { transA, transB });
      await expectClose(ty, y, k, what);
      const [da, db] = grad(ty, [ta, tb], { gradOutputs: [tdy], createGraph: true });
      await expectClose(da!, sideA(first.da), 30, `${what} da`);
      await expectClose(db!, sideB(first.db), 30, `${what} db`);
      const outer = { gradOutputs: [put(sideA(va)), put(sideB(vb))] };
      const [da2, db2, ddy] = grad([da!, db!], [ta, tb, tdy], outer);
      await expectClose(da2!, sideA(second.da), 30, `${what} second da`);
      await expectClose(db2!, sideB(second.db), 30, `${what} second db`);
      await expectClose(ddy!, second.ddy, 30, `${what} second ddy`);
    }
  });

  test("long sums of weight gradients are split and still right, twice the same bits", async () => {
    const [x, dy] = [noise([4000, 12], 1), noise([4000, 10], 2)];
    const run = async () => {
      const y = batchedMatmul(put(dy), put(x), { transA: true });
      await expectClose(y, matmulReference(swapLastTwo(dy), x), 4000);
      return y.data();
    };
    expect(await run()).toEqual(await run());
    expect(
      planMatmul({ m: 10, n: 12, k: 4000, batches: 1 }, { software: true, subgroups: true }).splits,
    ).toBeGreaterThan(1);
  });
});

describe("linear", () => {
  test.each([
    [[7], 5],
    [[3, 7], 5],
    [[64, 84], 10],
    [[2, 3, 8], 16],
    [[0, 8], 4],
    [[3, 0], 4],
    [[3, 2000], 6],
  ] as const)("x %j, out %i, with and without a bias", async (shape, out) => {
    const x = noise(shape, 1);
    const weight = noise([out, shape.at(-1)!], 2);
    const bias = noise([out], 3);
    const product = matmulReference(x, swapLastTwo(weight));
    const dy = noise(product.shape, 4);
    const want = { shape: product.shape, data: product.data.map((v, i) => v + bias.data[i % out]!) };
    const tensors = [put(x, true), put(weight, true), put(bias, true)] as const;
    const y = linear(...tensors);
    await expectClose(y, want, shape.at(-1), "y");
    await expectClose(linear(tensors[0], tensors[1]), product, shape.at(-1), "no bias");
    const [dx, dw, db] = grad(y, tensors, { gradOutputs: [put(dy)] });
    const expected = matmulGradients(x, swapLastTwo(weight), dy);
    await expectClose(dx!, expected.da, 30, "dx");
    await expectClose(dw!, swapLastTwo(expected.db), 30, "dw");
    const column = Float64Array.from({ length: out }, (_, j) =>
      dy.data.reduce((s, v, i) => s + (i % out === j ? v : 0), 0),
    );
    await expectClose(db!, { shape: [out], data: column }, 30, "db");
  });
});

describe("values at the edge", () => {
  test("NaN and infinity stay in their row and column, on every rung", async () => {
    const [m, n, k] = [9, 11, 6];
    for (const [name, plan] of Object.entries(PLANS)) {
      if (plan.rung === "quad" && !device.features.has("subgroups")) continue;
      const [a, b] = [noise([m, k], 1), noise([k, n], 2)];
      a.data[4 * k + 2] = Number.NaN;
      b.data[5 * n + 10] = Number.POSITIVE_INFINITY;
      const want = matmulReference(a, b).data;
      const got = await batchedMatmul(put(a), put(b), { plan }).data();
      got.forEach((v, i) => {
        if (Number.isFinite(want[i])) expect(v, name).toBeCloseTo(want[i]!, 5);
        else expect(v, `${name} at ${i}`).toBe(want[i]);
      });
    }
  });

  test("i32", async () => {
    const a = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "i32" },
    );
    expect([...(await matmul(a, a).data())]).toEqual([7, 10, 15, 22]);
  });
});

describe("errors", () => {
  const t = (...shape: number[]) => put(noise(shape, 0));
  test.each([
    ["scalar", () => matmul(t(), t(2)), /^matmul: needs at least one axis each, a \[\], b \[2\]/],
    ["inner", () => matmul(t(2, 3), t(4, 5)), /^matmul: .* a \[2,3\], b \[4,5\]/],
    ["vector", () => matmul(t(2, 3), t(4)), /^matmul: the last axis of a must match b, a \[2,3\], b \[4\]/],
    ["batch", () => matmul(t(2, 1, 3), t(3, 3, 4)), /^matmul: /],
    ["rank", () => batchedMatmul(t(3), t(3, 4)), /^matmul: needs two axes each/],
    [
      "dtype",
      () => matmul(t(2), tensor([1, 2], { dtype: "i32" })),
      /^matmul: needs two f32 or two i32, a f32.*, b i32/,
    ],
    ["weight", () => linear(t(2, 3), t(3)), /^linear: weight must be \[out, in\]/],
    [
      "in",
      () => linear(t(2, 3), t(5, 4)),
      /^linear: the last axis of x must be weight\.shape\[1\], x \[2,3\], weight \[5,4\]/,
    ],
    ["bias", () => linear(t(2, 3), t(5, 3), t(4)), /^linear: bias must be \[out\]/],
  ] as const)("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test("batch layouts merge what they can", () => {
    expect(batchLayout("t", [2, 3, 4], [2, 3, 4])).toMatchObject({
      count: 24,
      sizes: [1, 1, 24],
      a: [0, 0, 1],
      b: [0, 0, 1],
    });
    expect(batchLayout("t", [2, 1, 4], [3, 1])).toMatchObject({
      sizes: [2, 3, 4],
      a: [4, 0, 1],
      b: [0, 1, 0],
    });
    expect(batchLayout("t", [2, 1, 2, 1], [1, 3, 1, 3])).toBeNull();
  });
});
