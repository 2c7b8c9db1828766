// Batch norm's statistics come with the convolution in front of it: the same outputs, gradients and running statistics, with
// a pass less; only where nothing stands between.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as w from "../../src/node.ts";
import { type Device, F, nn, type Tensor } from "../../src/node.ts";
import { compile } from "../../src/tensor/compile.ts";

let device: Device;
beforeAll(async () => {
  device = await w.requestDevice();
});
afterAll(() => device.destroy());

async function agree(plain: Tensor, fused: Tensor, tolerance = 2e-6): Promise<void> {
  const [a, b] = [await plain.data(), await fused.data()];
  const scale = Math.max(1e-30, ...Array.from(a, (v) => Math.abs(v)));
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i]) / scale).toBeLessThan(tolerance);
}

type Fn = (x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) => readonly Tensor[];

/** Outputs and running statistics of the program as those of the recording; its labels. */
async function same(fn: Fn, [x, weight, bias]: readonly Tensor[], tolerance?: number): Promise<string[]> {
  const sides = ([false, "all"] as const).map((fuse) => {
    const norm = new nn.BatchNorm2d(weight.shape[0]);
    const run = compile((x: Tensor, weight: Tensor, bias: Tensor) => fn(x, weight, bias, norm), { fuse });
    return { norm, run, out: run(x, weight, bias) };
  });
  const [plain, fused] = sides;
  for (let k = 0; k < plain.out.length; k++) await agree(plain.out[k], fused.out[k], tolerance);
  await agree(plain.norm.runningMean!, fused.norm.runningMean!, tolerance);
  await agree(plain.norm.runningVar!, fused.norm.runningVar!, tolerance);
  return fused.run.programs[0].dispatches.map((d) => d.label);
}

const block =
  (options: object): Fn =>
  (x, weight, bias, norm) => [F.relu(norm.forward(F.conv2d(x, weight, bias, options)))];

const args = (x: readonly number[], weight: readonly number[]) => [
  w.randn([...x]),
  w.randn([...weight]),
  w.randn([weight[0]]),
];

describe("convolution, batch norm, relu", () => {
  test.each([
    ["planes that fill tiles", [4, 8, 16, 16], [16, 8, 3, 3], { padding: 1 }],
    ["7 channels, rows and strips that fill none", [3, 3, 9, 5], [7, 3, 3, 3], { padding: 1 }],
    ["groups, stride 2", [2, 8, 11, 9], [12, 4, 3, 3], { padding: 1, groups: 2, stride: 2 }],
    ["1x1", [2, 8, 6, 6], [5, 8, 1, 1], {}],
  ] as const)("%s: three dispatches", async (_, x, weight, options) => {
    const found = await same(block(options), args(x, weight));
    if (device.features.has("subgroups")) expect(found).toHaveLength(3);
  });

  test("by default the order of every sum stays: the same bits as op by op", async () => {
    const given = args([4, 8, 16, 16], [16, 8, 3, 3]) as [Tensor, Tensor, Tensor];
    const fn = block({ padding: 1 });
    const eager = fn(...given, new nn.BatchNorm2d(16))[0]!;
    const norm = new nn.BatchNorm2d(16);
    const step = compile((x: Tensor, weight: Tensor, bias: Tensor) => fn(x, weight, bias, norm)[0]!);
    expect(await step(...given).data()).toEqual(await eager.data());
  });

  test("a mean far above the spread costs no digits", async () => {
    const [x, weight, bias] = args([2, 4, 12, 12], [8, 4, 3, 3]);
    await same(block({ padding: 1 }), [x, weight, w.add(bias, 4096)], 1e-4);
    const fn: Fn = (x, weight, bias, norm) => [norm.forward(F.conv2d(x, weight, bias, {}))];
    await same(fn, [x, weight, w.add(bias, 4096)], 1e-3);
  });

  test("not where something stands between", async () => {
    const fn: Fn = (x, weight, bias, norm) => [norm.forward(F.gelu(F.conv2d(x, weight, bias, {})))];
    expect(
      (await same(fn, args([2, 4, 8, 8], [8, 4, 3, 3]))).filter((l) => /\+ batch_norm_stat/.test(l)),
    ).toEqual([]);
  });

  test("the gradient takes five more where the weight's is not split", async () => {
    const fn: Fn = (x, weight, bias, norm) => {
      const leaves = [w.mul(x, 1), w.mul(weight, 1)];
      for (const leaf of leaves) leaf.requiresGrad = true;
      const y = F.relu(norm.forward(F.conv2d(leaves[0], leaves[1], null, { padding: 1 })));
      const parameters = [norm.weight!, norm.bias!];
      const dy = w.mul(bias.alias([1, bias.size, 1, 1]), w.onesLike(y)); // not of y
      return [y, ...(w.grad([y], [...leaves, ...parameters], { gradOutputs: [dy] }) as Tensor[])];
    };
    const found = await same(fn, args([2, 16, 8, 8], [32, 16, 3, 3]), 1e-5);
    const steps = found.filter((l) => /conv2d|batch_?norm|norm_/i.test(l)).map((l) => l.split("/").at(-1)!);
    if (device.features.has("subgroups")) expect(steps.filter((l) => !/\.sum/.test(l))).toHaveLength(8);
  });
});
