// Group, instance, RMS and local response norm, weight and spectral norm against PyTorch with gradients of both orders and
// running averages; the layers, their keys, replay and errors.
import { beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { groupNorm, type InstanceNormOptions, instanceNorm } from "../../src/kernels/group_norm.ts";
import { localResponseNorm } from "../../src/kernels/local_response_norm.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { rmsNorm } from "../../src/kernels/rms_norm.ts";
import { type SpectralNormOptions, spectralNorm } from "../../src/kernels/spectral_norm.ts";
import { square } from "../../src/kernels/unary.ts";
import { weightNorm } from "../../src/kernels/weight_norm.ts";
import * as nn from "../../src/layers/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, zeros } from "../../src/tensor/create.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "./golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

describe("golden values of PyTorch", () => {
  test.each(loadGolden<{ groups: number; eps?: number }>("norm2", "groupNorm"))("$name", (c) =>
    checkGolden(c as never, ({ x, weight, bias }) => [
      groupNorm(x, c.options.groups, weight, bias, c.options.eps),
    ]),
  );
  test.each(loadGolden<InstanceNormOptions>("norm2", "instanceNorm"))("$name", (c) =>
    checkGolden(c as never, ({ x, ...rest }) => [instanceNorm(x, { ...rest, ...c.options })]),
  );
  test.each(loadGolden<{ normalizedShape: Shape; eps?: number }>("norm2", "rmsNorm"))("$name", (c) =>
    // A row of zeros: rstd is 2900, and its cube 2e10.
    checkGolden(c as never, ({ x, weight }) => [
      rmsNorm(x, c.options.normalizedShape, weight, c.options.eps),
    ]),
  );
  test.each(loadGolden<{ size: number }>("norm2", "localResponseNorm"))("$name", (c) => {
    const { size, ...options } = c.options;
    return checkGolden(c as never, ({ x }) => [localResponseNorm(x, size, options)]);
  });
  test.each(loadGolden<{ axis: number | null }>("norm2", "weightNorm"))("$name", (c) =>
    checkGolden(c as never, ({ v, g }) => [weightNorm(v, g, c.options.axis)]),
  );
  test.each(loadGolden<SpectralNormOptions>("norm2", "spectralNorm"))("$name", (c) =>
    checkGolden(c as never, ({ weight, u, v }) => [spectralNorm(weight, u, v, c.options)]),
  );
});

const keys = (m: nn.Module) => [...m.stateDict().keys()];
const list = async (t: Tensor) => Array.from(await t.data());

describe("layers", () => {
  test("have PyTorch's keys and shapes", async () => {
    const x = randn([2, 6, 5, 4]);
    expect(keys(new nn.GroupNorm(3, 6))).toEqual(["weight", "bias"]);
    expect(new nn.GroupNorm(3, 6).forward(x).shape).toEqual([2, 6, 5, 4]);
    expect(keys(new nn.InstanceNorm2d(6))).toEqual([]);
    const tracked = new nn.InstanceNorm2d(6, { affine: true, trackRunningStats: true });
    expect(keys(tracked)).toEqual(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
    const trained = await list(tracked.forward(x));
    const evaluated = await list(tracked.eval().forward(x));
    expect(trained).not.toEqual(evaluated);
    expect(new nn.InstanceNorm1d(6).forward(randn([6, 9])).shape).toEqual([6, 9]);
    expect(new nn.InstanceNorm3d(6).forward(randn([2, 6, 2, 3, 4])).shape).toEqual([2, 6, 2, 3, 4]);
    expect(keys(new nn.RMSNorm([5, 4]))).toEqual(["weight"]);
    expect(new nn.RMSNorm([5, 4]).forward(x).shape).toEqual([2, 6, 5, 4]);
    expect(new nn.LocalResponseNorm(3).forward(x).shape).toEqual([2, 6, 5, 4]);
    expect(String(new nn.RMSNorm(5, { eps: 0.1 }))).toBe("RMSNorm([5], eps=0.1)");
    expect(String(new nn.GroupNorm(3, 6, { affine: false }))).toBe(
      "GroupNorm(3, 6, eps=0.00001, affine=false)",
    );
  });

  test("weight norm changes nothing at first, then trains length and direction", async () => {
    const x = randn([4, 6]);
    const plain = new nn.Linear(6, 3);
    const before = await list(plain.forward(x));
    const layer = nn.weightNorm(plain);
    expect(keys(layer).sort()).toEqual(["bias", "weight_g", "weight_v"]);
    expectClose(await list(layer.forward(x)), before, 2e-6);
    const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
    const step = compile(() => {
      const loss = sum(square(layer.forward(x)));
      optimizer.minimize(loss);
      return loss;
    });
    const losses = [await step().item(), await step().item(), await step().item()];
    expect(step.programs.length).toBe(1);
    expect(losses[1] < losses[0] && losses[2] < losses[1]).toBe(true);
    expect(layer.weight.shape).toEqual([3, 6]);
  });

  test("spectral norm brings the largest singular value to 1; evaluation leaves its vectors", async () => {
    const layer = nn.spectralNorm(new nn.Conv2d(3, 4, { kernelSize: 2 }));
    expect(keys(layer).sort()).toEqual(["bias", "weight_orig", "weight_u", "weight_v"]);
    const x = randn([1, 3, 5, 5]);
    for (let i = 0; i < 30; i++) layer.forward(x);
    const u = layer.stateDict().get("weight_u")!;
    const held = await list(u);
    layer.eval().forward(x);
    void layer.weight;
    expect(await list(u)).toEqual(held);
    const w = await list(layer.weight as Tensor); // [4, 12]
    let v = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
    let size = 0;
    for (let i = 0; i < 200; i++) {
      const wv = [0, 1, 2, 3].map((r) => v.reduce((s, e, k) => s + e * w[12 * r + k], 0));
      const next = v.map((_, k) => wv.reduce((s, e, r) => s + e * w[12 * r + k], 0));
      const n = Math.hypot(...next);
      size = Math.sqrt(n / Math.hypot(...v));
      v = next.map((e) => e / n);
    }
    expect(size).toBeCloseTo(1, 3);
    layer.train();
    backward(sum(square(layer.forward(x))));
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
  });
});

describe("edges and errors", () => {
  test("empty batches", async () => {
    expect((await groupNorm(zeros([0, 4, 3]), 2).data()).length).toBe(0);
    expect((await rmsNorm(zeros([0, 4]), 4).data()).length).toBe(0);
    expect((await instanceNorm(zeros([0, 4, 3])).data()).length).toBe(0);
    expect((await localResponseNorm(zeros([0, 4, 3]), 3).data()).length).toBe(0);
  });

  const x = () => zeros([2, 4, 3]);
  test.each([
    [
      "groups",
      () => groupNorm(x(), 3),
      /groupNorm: groups must be a positive integer that divides the channels, got 3, x \[2,4,3\]/,
    ],
    ["rank", () => groupNorm(zeros([4]), 2), /groupNorm: x must be \[n,c,\.\.\.\], x \[4\]/],
    [
      "weight",
      () => groupNorm(x(), 2, zeros([3])),
      /groupNorm: weight must have one value per channel, weight \[3\]/,
    ],
    ["dtype", () => groupNorm(zeros([2, 4], { dtype: "i32" }), 2), /groupNorm: takes f32 tensors, x is i32/],
    ["instance rank", () => instanceNorm(zeros([2, 4])), /instanceNorm: x must be/],
    ["one value", () => instanceNorm(zeros([2, 4, 1])), /needs more than one value per channel, x \[2,4,1\]/],
    [
      "one average",
      () => instanceNorm(x(), { runningMean: zeros([4]) }),
      /give both runningMean and runningVar/,
    ],
    ["no averages", () => instanceNorm(x(), { useInputStats: false }), /useInputStats false needs/],
    [
      "rms shape",
      () => rmsNorm(x(), [4]),
      /rmsNorm: x must end in normalizedShape, normalizedShape \[4\], x \[2,4,3\]/,
    ],
    ["rms eps", () => rmsNorm(x(), 3, null, -1), /rmsNorm: eps must not be negative, got -1/],
    ["size", () => localResponseNorm(x(), 0), /localResponseNorm: size must be a positive integer, got 0/],
    ["g", () => weightNorm(x(), zeros([2])), /weightNorm: g must be \[2,1,1\], g \[2\], v \[2,4,3\]/],
    [
      "u",
      () => spectralNorm(x(), zeros([3]), zeros([12])),
      /u and v must fit the rows and columns of weight/,
    ],
    [
      "iterations",
      () => spectralNorm(x(), zeros([2]), zeros([12]), { iterations: -1 }),
      /iterations must be a non-negative integer/,
    ],
    [
      "layer groups",
      () => new nn.GroupNorm(3, 4),
      /GroupNorm: channels \/ groups must be a positive integer/,
    ],
    [
      "layer rank",
      () => new nn.InstanceNorm2d(4).forward(zeros([2, 4])),
      /InstanceNorm2d: does not take 2 axes/,
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
  test("a layer without weight", () => {
    expect(() => nn.weightNorm(new nn.Identity())).toThrow(UsageError);
    expect(() => nn.spectralNorm(nn.weightNorm(new nn.Linear(2, 2)))).toThrow(
      /Linear has no parameter weight/,
    );
  });
});
