// Transforms of functions against matrices worked out by hand, nested, compiled; checkpoint against the plain function.
import { beforeAll, describe, expect, test } from "vitest";
import { checkpoint } from "../../src/functional/checkpoint.ts";
import { gradOf, hessian, hvp, jacobian, jvp, valueAndGrad, vjp } from "../../src/functional/transforms.ts";
import { ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { tanh } from "../../src/kernels/activation.ts";
import { add, mul } from "../../src/kernels/binary.ts";
import { dropout } from "../../src/kernels/dropout.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { sin, square } from "../../src/kernels/unary.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
});

async function near(t: Tensor, want: readonly number[], bound = 1e-5): Promise<void> {
  const got = await t.data();
  expect(got.length).toBe(want.length);
  want.forEach((w, i) => {
    expect(Math.abs(got[i] - w), `at ${i}: ${got[i]}, expected ${w}`).toBeLessThanOrEqual(
      bound * (1 + Math.abs(w)),
    );
  });
}
const list = async (t: Tensor) => Array.from(await t.data());

// f(x, y) = sum(x^2 y^3): every derivative has a closed form.
const f = (x: Tensor, y: Tensor) => sum(mul(square(x), mul(y, square(y))));
const [X, Y] = [
  [1, 2],
  [0.5, -1],
];
const x = () => tensor(X);
const y = () => tensor(Y);

describe("transforms", () => {
  test("valueAndGrad, gradOf", async () => {
    const [value, [dx, dy]] = valueAndGrad(f)(x(), y());
    await near(value, [X[0] ** 2 * Y[0] ** 3 + X[1] ** 2 * Y[1] ** 3]);
    await near(
      dx,
      X.map((v, i) => 2 * v * Y[i] ** 3),
    );
    await near(
      dy,
      X.map((v, i) => 3 * v * v * Y[i] ** 2),
    );
    const only = gradOf(f, { wrt: [1] })(x(), y());
    expect(only.length).toBe(1);
    await near(only[0], await list(dy));
    const cube = (t: Tensor) => sum(mul(t, square(t)));
    const twice = gradOf((t: Tensor) => sum(gradOf(cube, { createGraph: true })(t)[0]));
    await near(
      twice(x())[0],
      X.map((v) => 6 * v),
    );
    expect(value.requiresGrad || dx.requiresGrad).toBe(false);
  });

  test("vjp and jvp are products with one Jacobian", async () => {
    const w = tensor([
      [1, 2, -1],
      [0.5, -1, 3],
    ]); // [2, 3]
    const g = (t: Tensor) => sin(matmul(t, w));
    const at = tensor([[0.3, -0.7]]);
    const J = jacobian(g, at); // [1, 3, 1, 2]
    expect(J.shape).toEqual([1, 3, 1, 2]);
    const want = [
      [1, 0.5],
      [2, -1],
      [-1, 3],
    ].map(([a, b]) => {
      const slope = Math.cos(0.3 * a - 0.7 * b);
      return [slope * a, slope * b];
    });
    await near(J, want.flat());
    const [value, left] = vjp(g, at, tensor([[1, 10, 100]]));
    await near(
      left,
      [0, 1].map((k) => want[0][k] + 10 * want[1][k] + 100 * want[2][k]),
    );
    const [same, right] = jvp(g, at, tensor([[2, -3]]));
    await near(
      right,
      want.map(([a, b]) => 2 * a - 3 * b),
    );
    expect(await list(same)).toEqual(await list(value));
    expect(right.shape).toEqual([1, 3]);
  });

  test("hvp is the Hessian times v; the Hessian of several inputs has blocks", async () => {
    const v = [tensor([1, -2]), tensor([3, 0.5])];
    const [, [hx, hy]] = hvp(f, [x(), y()], v);
    const [V, W] = [
      [1, -2],
      [3, 0.5],
    ];
    const xy = X.map((a, i) => 6 * a * Y[i] ** 2);
    await near(
      hx,
      X.map((_, i) => 2 * Y[i] ** 3 * V[i] + xy[i] * W[i]),
    );
    await near(
      hy,
      X.map((a, i) => xy[i] * V[i] + 6 * a * a * Y[i] * W[i]),
    );
    const H = hessian(f, [x(), y()]);
    await near(H[0][0], [2 * Y[0] ** 3, 0, 0, 2 * Y[1] ** 3]);
    await near(H[0][1], [xy[0], 0, 0, xy[1]]);
    await near(H[1][0], [xy[0], 0, 0, xy[1]]);
    await near(H[1][1], [6 * X[0] ** 2 * Y[0], 0, 0, 6 * X[1] ** 2 * Y[1]]);
    await near(
      hessian((t: Tensor) => sum(mul(t, 3)), x()),
      [0, 0, 0, 0],
    ); // linear
  });

  test("inputs that an output does not depend on have zeros; outputs may be several", async () => {
    const two = (a: Tensor, b: Tensor) => [mul(a, 2), square(b)];
    const J = jacobian(two, [x(), y()]);
    await near(J[0][0], [2, 0, 0, 2]);
    await near(J[0][1], [0, 0, 0, 0]);
    await near(J[1][1], [2 * Y[0], 0, 0, 2 * Y[1]]);
    const [, tangents] = jvp(two, [x(), y()], [tensor([1, 1]), tensor([1, 0])]);
    await near(tangents[0], [2, 2]);
    await near(tangents[1], [2 * Y[0], 0]);
  });

  test("with createGraph their results can be differentiated again", async () => {
    const at = tensor(X, { requiresGrad: true });
    const cube = (t: Tensor) => sum(mul(t, square(t)));
    const [, hv] = hvp(cube, at, tensor([1, 1]), { createGraph: true }); // 6 x
    const [third] = grad(sum(hv), [at]);
    await near(third, [6, 6]);
    expect(at.grad).toBeNull();
  });

  test("inside noGrad and compile", async () => {
    const step = compile((t: Tensor) => hvp((u) => sum(mul(u, square(u))), t, t)[1]);
    for (const v of [1, -2]) await near(step(tensor([v, 3])), [6 * v * v, 54]);
    await near(
      noGrad(() => gradOf((t: Tensor) => sum(square(t)))(x()))[0],
      X.map((v) => 2 * v),
    );
  });

  test("errors", () => {
    expect(() => valueAndGrad((t: Tensor) => t)(x())).toThrow(
      /valueAndGrad: the function must give one element, got \[2\]/,
    );
    expect(() => valueAndGrad(f, { wrt: [2] })(x(), y())).toThrow(UsageError);
    expect(() => jvp(square, x(), tensor([1]))).toThrow(
      /jvp: v must have the shapes of the inputs, inputs \[2\], v \[1\]/,
    );
    expect(() => vjp(square, x(), tensor([1]))).toThrow(ShapeError);
    expect(() => hvp(square, x(), x())).toThrow(/hvp: the function must give one element/);
    expect(() => hessian(square, x())).toThrow(/hessian: the function must give one element/);
  });
});

describe("checkpoint", () => {
  const w = () =>
    parameter(
      [4, 4],
      Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    );
  const input = () =>
    tensor(
      Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
      { shape: [3, 4], requiresGrad: true },
    );
  const block = (weight: Tensor) => (t: Tensor) =>
    tanh(matmul(dropout(tanh(matmul(t, weight)), 0.5), weight));

  test("gives the gradients of the plain function, dropout and parameters included", async () => {
    const results: number[][][] = [];
    for (const how of ["plain", "checkpoint"] as const) {
      manualSeed(5);
      const [weight, t] = [w(), input()];
      const h = how === "plain" ? block(weight)(t) : checkpoint(block(weight), t);
      const after = dropout(h, 0.5); // the stream goes on where it stood
      backward(sum(square(after)));
      const more = dropout(input(), 0.5);
      results.push(await Promise.all([after, t.grad!, weight.grad!, more].map(list)));
    }
    expect(results[1]).toEqual(results[0]);
  });

  test("under createGraph", async () => {
    const penalties: number[][][] = [];
    for (const how of ["plain", "checkpoint"] as const) {
      manualSeed(5);
      const [weight, t] = [w(), input()];
      const part = block(weight);
      const h = how === "plain" ? part(t) : checkpoint(part, t);
      const [dt] = grad(sum(h), [t], { createGraph: true });
      backward(sum(square(dt)));
      penalties.push(await Promise.all([t.grad!, weight.grad!].map(list)));
    }
    for (const [i, got] of penalties[1].entries())
      got.forEach((v, k) => {
        expect(v).toBeCloseTo(penalties[0][i][k], 5);
      });
  });

  test("inside compile, with fresh draws at every replay", async () => {
    const [weight, t] = [w(), input()];
    const loss = (how: "plain" | "checkpoint") => (v: Tensor) => {
      const part = block(weight);
      const [dv, dw] = grad(sum(how === "plain" ? part(v) : checkpoint(part, v)), [v, weight]);
      return [dv, dw];
    };
    const runs: number[][][] = [];
    for (const how of ["plain", "checkpoint"] as const) {
      manualSeed(9);
      const own = input();
      const step = compile(() => loss(how)(own));
      const all: number[][] = [];
      for (let i = 0; i < 3; i++) for (const g of step()) all.push(await list(g));
      expect(step.programs.length).toBe(1);
      runs.push(all);
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[0][0]).not.toEqual(runs[0][2]);
    t.release("test");
  });

  test("holds only inputs and outputs between forward and backward", () => {
    const big = randn([64, 64], { requiresGrad: true });
    const { device } = big;
    const chain = (t: Tensor) => {
      let h = t;
      for (let i = 0; i < 10; i++) h = sin(h);
      return h;
    };
    const live = (fn: () => Tensor) => {
      const before = device.memory().liveBytes;
      const kept = fn();
      const grown = device.memory().liveBytes - before;
      expect(kept.requiresGrad).toBe(true);
      return grown;
    };
    const bytes = 64 * 64 * 4;
    expect(live(() => chain(big))).toBe(10 * bytes);
    expect(live(() => checkpoint(chain, big))).toBe(bytes);
  });

  test("several outputs, none on the tape, and a tensor from outside that is no input", async () => {
    const t = tensor([1, 2], { requiresGrad: true });
    const [a, b] = checkpoint((v: Tensor) => [square(v), mul(v, 3)], t);
    const [dt] = grad(add(sum(a), sum(b)), [t]);
    await near(dt, [5, 7]);
    expect(checkpoint((v: Tensor) => square(v), tensor([3])).requiresGrad).toBe(false);
    const outer = mul(t, 2);
    expect(() => checkpoint((v: Tensor) => mul(v, outer), tensor([1, 1]))).toThrow(
      /checkpoint: .* was computed outside the function: pass it as an input/,
    );
  });
});
