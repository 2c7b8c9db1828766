// The gradient penalty of WGAN-GP on critics whose gradient is known. Against PyTorch, with its training: test/parity/training.

import { beforeAll, describe, expect, test } from "vitest";
import { gradientPenalty } from "../../src/functional/gradient_penalty.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { mul } from "../../src/kernels/binary.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { square } from "../../src/kernels/unary.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { ones, randn, tensor, zeros } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { parameter } from "../../src/tensor/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(async () => {
  await requestDevice();
});

const lengthOne = (w: Tensor) => (x: Tensor) => matmul(x, w); // gradient w at every point

describe("gradientPenalty", () => {
  test("of w . x is (|w| - 1)^2, its gradient 2 (|w| - 1) w / |w|", async () => {
    const w = tensor([3, 4], { requiresGrad: true });
    const [real, fake] = [randn([5, 2]), randn([5, 2])];
    const penalty = gradientPenalty(lengthOne(w), real, fake);
    expect(await penalty.item()).toBeCloseTo(16, 4);
    backward(penalty);
    const [a, b] = await w.grad!.data();
    expect(a).toBeCloseTo(8 * 0.6, 4);
    expect(b).toBeCloseTo(8 * 0.8, 4);
    expect(await gradientPenalty(lengthOne(w), real, fake, { target: 5 }).item()).toBeCloseTo(0, 4);
  });

  test("stands at mix real + (1 - mix) fake: of x^2 / 2 the gradient is x", async () => {
    const critic = (x: Tensor) => mul(sum(square(x), [1, 2]), 0.5);
    const real = mul(ones([2, 3, 3]), 2); // |x| = 6 there
    const at = (mix: number[]) =>
      gradientPenalty(critic, real, zeros([2, 3, 3]), { mix: tensor(mix), target: 0 });
    expect(await at([1, 1]).item()).toBeCloseTo(36, 3);
    expect(await at([0, 0.5]).item()).toBeCloseTo(4.5, 4); // (0 + 9) / 2
  });

  test("gives nothing to real and fake, and works where gradients are off around it", async () => {
    const w = tensor([3, 4], { requiresGrad: true });
    const real = tensor([[1, 2]], { requiresGrad: true });
    const fake = tensor([[5, 6]], { requiresGrad: true });
    backward(gradientPenalty((x) => sum(mul(square(x), w), 1), real, fake, { mix: tensor([0.5]) }));
    expect([real.grad, fake.grad]).toEqual([null, null]);
    expect(w.grad).not.toBeNull();
    const value = noGrad(() => gradientPenalty(lengthOne(w), real, fake));
    expect(await value.item()).toBeCloseTo(16, 4);
  });

  test("of a gradient of length 0 has gradient 0", async () => {
    const w = tensor([0, 0], { requiresGrad: true });
    backward(gradientPenalty(lengthOne(w), ones([3, 2]), zeros([3, 2])));
    expect([...(await w.grad!.data())]).toEqual([0, 0]);
  });

  test("is recorded once, though the critic's gradient depends on the point", async () => {
    const w = parameter([2], new Float32Array([1, 2]));
    const optimizer = new SGD([w], { lr: 1e-3 });
    const step = compile((real, fake) => {
      const loss = gradientPenalty((x) => sum(mul(square(x), w), 1), real, fake);
      optimizer.minimize(loss);
      return loss;
    });
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push(await step(ones([4, 2]), zeros([4, 2])).item());
    expect(step.programs.length).toBeLessThanOrEqual(2); // the first call finds no gradient yet
    expect(new Set(seen).size).toBe(4); // a fresh point each time
  });

  test.each([
    [
      [2, 3],
      [2, 4],
      undefined,
      /real and fake must have one shape \[batch, ...\], real \[2,3\], fake \[2,4\]/,
    ],
    [[2], [2], undefined, /real and fake must have one shape/],
    [[2, 3], [2, 3], [3], /mix must have one number a sample, mix \[3\]/],
  ])("refuses %j, %j, mix %j", (real, fake, mix, message) => {
    const call = () =>
      gradientPenalty((x) => sum(x, 1), zeros(real), zeros(fake), mix ? { mix: zeros(mix) } : {});
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });
});
