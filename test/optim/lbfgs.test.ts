// L-BFGS against PyTorch float64 and on Rosenbrock's valley; the average of weights.
import { beforeAll, describe, expect, test } from "vitest";
import { FormatError, OptionError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { add, mul, sub } from "../../src/kernels/binary.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { narrow, select } from "../../src/kernels/slice.ts";
import { square } from "../../src/kernels/unary.ts";
import { ExponentialMovingAverage, LBFGS, type LBFGSOptions, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { buffer, parameter } from "../../src/tensor/parameter.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { goldenFile } from "../golden/load.ts";
import { expectClose } from "../kernels/golden_case.ts";

beforeAll(async () => {
  await requestDevice();
});

const { tensors, metadata } = goldenFile("optim2.safetensors");
type Listed = { name: string; op: string; options: LBFGSOptions };
const cases = (JSON.parse(metadata.cases) as Listed[]).filter((c) => c.op === "lbfgs");
const list = async (t: Tensor) => Array.from(await t.data());

describe("L-BFGS", () => {
  test.each(cases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const get = (key: string) => tensors.get(`${c.name}/${key}`)!;
    const params = [0, 1].map((i) =>
      parameter(get(`param.${i}`).shape, get(`param.${i}`).data as Float32Array),
    );
    const targets = [0, 1].map((i) =>
      tensor(get(`target.${i}`).data as Float32Array, { shape: params[i].shape }),
    );
    const optimizer = new LBFGS(params, c.options);
    const closure = () => {
      optimizer.zeroGrad();
      const parts = params.map((p, i) => {
        const d = square(sub(p, targets[i]));
        const cross = sum(mul(select(p, 0, 0), select(p, 0, -1)));
        return add(add(sum(d), mul(sum(square(d)), 0.1)), mul(cross, 0.3));
      });
      const loss = add(parts[0], parts[1]);
      backward(loss);
      return loss;
    };
    const losses = get("losses").data as Float64Array;
    for (let step = 1; step <= 5; step++) {
      const loss = await optimizer.step(closure);
      expect(
        Math.abs(loss - losses[step - 1]) / (1 + Math.abs(losses[step - 1])),
        `loss ${step}`,
      ).toBeLessThan(2e-5);
      for (const i of [0, 1]) {
        const want = tensors.get(`${c.name}/step${step}.${i}`);
        if (want) expectClose(await params[i].data(), want.data as Float32Array, 5e-4, `p${i} after ${step}`);
      }
    }
  });

  test("finds the end of Rosenbrock's valley, with a compiled closure, and frees what it used", async () => {
    const p = parameter([2], Float32Array.from([-1.2, 1]));
    const optimizer = new LBFGS([p], { lineSearchFn: "strong_wolfe", historySize: 5 });
    const closure = compile(() => {
      optimizer.zeroGrad();
      const [x, y] = [narrow(p, 0, 0, 1), narrow(p, 0, 1, 1)];
      const loss = sum(add(mul(square(sub(y, square(x))), 100), square(sub(1, x))));
      backward(loss);
      return loss;
    });
    for (let i = 0; i < 3; i++) await optimizer.step(closure);
    const [x, y] = await p.data();
    expect(Math.hypot(x - 1, y - 1)).toBeLessThan(2e-3);
    // The history is full: further steps hold no more.
    for (const more of [p, parameter([2], Float32Array.from([-1.2, 1]))]) {
      const other = new LBFGS([more], { historySize: 2, maxIter: 3 });
      const plain = () => {
        other.zeroGrad();
        return scope(() => {
          const loss = sum(square(square(more)));
          backward(loss);
          return loss;
        });
      };
      for (let i = 0; i < 2; i++) await other.step(plain);
      const held = p.device.memory().liveBytes;
      for (let i = 0; i < 3; i++) await other.step(plain);
      expect(p.device.memory().liveBytes).toBeLessThanOrEqual(held);
      other.reset();
      expect(p.device.memory().liveBytes).toBeLessThan(held);
    }
  });

  test("a parameter without gradient stays; wrong options are named", async () => {
    const [a, b] = [parameter([1], Float32Array.from([3])), parameter([1], Float32Array.from([5]))];
    const optimizer = new LBFGS([a, b], { lineSearchFn: "strong_wolfe" });
    await optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = sum(square(a));
      backward(loss);
      return loss;
    });
    expect(Math.abs(await a.item())).toBeLessThan(1e-3);
    expect(await b.item()).toBe(5);
    expect(() => new LBFGS([a], { historySize: 0 })).toThrow(
      /LBFGS: historySize must be a positive integer, got 0/,
    );
    expect(() => new LBFGS([a], { lineSearchFn: "armijo" as never })).toThrow(OptionError);
  });
});

describe("average of weights", () => {
  test("follows the formula, eager and compiled; swaps there and back; buffers too", async () => {
    const p = [parameter([3], Float32Array.from([1, 2, 3])), parameter([65], new Float32Array(65).fill(1))];
    const mean = buffer([2], Float32Array.from([0, 4]));
    const count = buffer([], Int32Array.of(7));
    const ema = new ExponentialMovingAverage(p, { decay: 0.75, buffers: [mean, count] });
    const optimizer = new SGD(p, { lr: 1 });
    const step = compile((g: Tensor, h: Tensor) => {
      p[0].grad = g;
      p[1].grad = h;
      optimizer.step();
      ema.update();
    });
    const shadow = [1, 2, 3];
    const live = [1, 2, 3];
    for (let t = 0; t < 4; t++) {
      scope(() => step(tensor([1, 0.5, -1]), tensor(new Float32Array(65))));
      live.forEach((_, i) => {
        live[i] -= [1, 0.5, -1][i];
        shadow[i] = 0.75 * shadow[i] + 0.25 * live[i];
      });
    }
    expect(step.programs.length).toBe(1);
    expect(ema.state()).toEqual({ count: 4 });
    expectClose(await ema.stateTensors().get("params.0")!.data(), shadow, 1e-6);
    const inside = await ema.with(async () => [await list(p[0]), await list(p[1])]);
    expectClose(inside[0], shadow, 1e-6);
    expect(new Set(inside[1])).toEqual(new Set([1]));
    expectClose(await list(p[0]), live, 1e-6);
    expect(await count.item()).toBe(7);

    const other = new ExponentialMovingAverage(p, { decay: 0.75, buffers: [mean, count] });
    other.loadState(ema.state(), ema.stateTensors());
    expect(await list(other.stateTensors().get("params.0")!)).toEqual(
      await list(ema.stateTensors().get("params.0")!),
    );
    expect(() => other.loadState({ count: 1 }, new Map())).toThrow(FormatError);
  });

  test("warm-up; errors", async () => {
    const p = [parameter([1], Float32Array.from([0]))];
    const ema = new ExponentialMovingAverage(p, { warmup: true });
    const optimizer = new SGD(p, { lr: 1 });
    p[0].grad = tensor([-11]);
    optimizer.step();
    ema.update(); // decay 2 / 11
    expect(await ema.stateTensors().get("params.0")!.item()).toBeCloseTo(9, 5);
    expect(() => new ExponentialMovingAverage(p, { decay: 2 })).toThrow(/decay must lie in \[0, 1\], got 2/);
  });
});
