// Activations as layers, max pooling with indices and its inverse, weights that leave their norm, orthogonal initial values,
// tensors like others, indexPut and the norm of huge values.
import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, OptionError, ShapeError, UsageError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  emptyLike,
  F,
  fullLike,
  indexPut,
  nn,
  norm,
  onesLike,
  optim,
  randintLike,
  randLike,
  randnLike,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "../../src/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { randn } from "../../src/tensor/create.ts";
import { type GoldenCase, loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "../kernels/golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

const list = async (t: Tensor) => [...(await t.data())];
const keys = (m: nn.Module) => [...m.stateDict().keys()];

describe("activations as layers", () => {
  const x = () => tensor([-7, -1, -0.5, 0, 0.5, 1, 7]);
  it.each<[string, nn.Module & { forward(x: Tensor): Tensor }, (x: Tensor) => Tensor]>([
    ["ReLU6()", new nn.ReLU6(), F.relu6],
    [
      "Hardtanh(min=-2, max=0.5)",
      new nn.Hardtanh({ min: -2, max: 0.5 }),
      (x) => F.hardtanh(x, { min: -2, max: 0.5 }),
    ],
    ["Hardsigmoid()", new nn.Hardsigmoid(), F.hardsigmoid],
    ["Hardswish()", new nn.Hardswish(), F.hardswish],
    ["CELU(alpha=0.5)", new nn.CELU({ alpha: 0.5 }), (x) => F.celu(x, { alpha: 0.5 })],
    ["SELU()", new nn.SELU(), F.selu],
    ["LogSigmoid()", new nn.LogSigmoid(), F.logSigmoid],
    ["Mish()", new nn.Mish(), F.mish],
    ["Softsign()", new nn.Softsign(), F.softsign],
  ])("%s", async (shown, layer, fn) => {
    expect(String(layer)).toBe(shown);
    expect(await list(layer.forward(x()))).toEqual(await list(fn(x())));
  });

  it("every activation of F has a layer", () => {
    const names =
      "elu gelu leakyRelu relu sigmoid silu softplus tanh celu hardsigmoid hardswish hardtanh prelu relu6 selu";
    const layers = new Set(Object.keys(nn).map((n) => n.toLowerCase()));
    for (const name of `${names} logSigmoid mish softsign softmax logSoftmax`.split(" ")) {
      expect(F).toHaveProperty(name);
      expect(layers.has(name.toLowerCase()), name).toBe(true);
    }
  });

  it("PReLU learns its slopes, under PyTorch's key", async () => {
    const layer = new nn.PReLU({ numParameters: 2 });
    expect(String(layer)).toBe("PReLU(numParameters=2)");
    expect([...layer.stateDict()].map(([k, t]) => [k, t.shape])).toEqual([["weight", [2]]]);
    const x = tensor([[-4, -8]]);
    const y = layer.forward(x);
    expect(await list(y)).toEqual([-1, -2]);
    backward(y.sum());
    expect(await list(layer.weight.grad!)).toEqual([-4, -8]);
    expect(() => new nn.PReLU({ numParameters: 0 })).toThrow(OptionError);
  });
});

describe("max pooling with indices", () => {
  it("MaxUnpool2d takes what MaxPool2d gives", async () => {
    const pool = new nn.MaxPool2d({ kernelSize: 2, returnIndices: true });
    const x = tensor([
      [
        [
          [1, 2, 5, 3],
          [4, 0, 1, 1],
          [0, 0, 9, 2],
          [7, 1, 3, 3],
        ],
      ],
    ]);
    const [y, indices]: [Tensor, Tensor] = pool.forward(x);
    expect(await list(y)).toEqual([4, 5, 7, 9]);
    expect(await list(indices)).toEqual([4, 2, 12, 10]);
    const back = new nn.MaxUnpool2d({ kernelSize: 2 }).forward(y, indices);
    expect(await list(back)).toEqual([0, 0, 5, 0, 4, 0, 0, 0, 0, 0, 9, 0, 7, 0, 0, 0]);
    expect(String(pool)).toBe("MaxPool2d(kernelSize=2, returnIndices=true)");
    const alone: Tensor = new nn.MaxPool2d(2).forward(x);
    expect(await list(alone)).toEqual([4, 5, 7, 9]);
  });

  it("one and three axes", async () => {
    const [y, i] = new nn.MaxPool1d({ kernelSize: 2, returnIndices: true }).forward(tensor([[[3, 1, 2, 4]]]));
    expect([await list(y), await list(i)]).toEqual([
      [3, 4],
      [0, 3],
    ]);
    const x = randn([1, 2, 4, 4, 4]);
    const [z, j] = new nn.MaxPool3d({ kernelSize: 2, returnIndices: true }).forward(x);
    const back = new nn.MaxUnpool3d({ kernelSize: 2 }).forward(z, j);
    expect(await list(new nn.MaxPool3d(2).forward(back))).toEqual((await list(z)).map((v) => Math.max(v, 0)));
  });
});

describe("weights that are computed", () => {
  const x = () => randn([4, 6]);

  it("keys stand in PyTorch's order", () => {
    expect(keys(nn.weightNorm(new nn.Linear(6, 3)))).toEqual(["bias", "weight_g", "weight_v"]);
    expect(keys(nn.spectralNorm(new nn.Linear(6, 3)))).toEqual([
      "bias",
      "weight_orig",
      "weight_u",
      "weight_v",
    ]);
  });

  it.each([
    ["weightNorm", nn.weightNorm<nn.Linear>, nn.removeWeightNorm<nn.Linear>],
    ["spectralNorm", nn.spectralNorm<nn.Linear>, nn.removeSpectralNorm<nn.Linear>],
  ] as const)("%s, trained, removed, and put on again", async (_, put, remove) => {
    const [layer, input] = [put(new nn.Linear(6, 3)), x()];
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    optimizer.minimize(layer.forward(input).square().sum());
    layer.eval();
    const before = await list(layer.forward(input));
    expect(remove(layer)).toBe(layer);
    expect(keys(layer)).toEqual(["weight", "bias"]);
    expectClose(await list(layer.forward(input)), before, 1e-6);
    expect(layer.weight).toBeInstanceOf(Object);
    const again = new optim.SGD(layer.parameters(), { lr: 0.1 });
    again.minimize(layer.forward(input).square().sum());
    expect(await list(layer.forward(input))).not.toEqual(before);
    const held = await list(layer.forward(input));
    expect(keys(put(layer)).length).toBeGreaterThan(2);
    if (put === nn.weightNorm) expectClose(await list(layer.forward(input)), held, 2e-6);
    expect(() => remove(layer, "bias")).toThrow(UsageError);
    remove(layer);
    expect(() => remove(layer)).toThrow(/Linear has none on weight, or it was removed/);
  });

  it("of two norms one can be removed", async () => {
    const layer = nn.weightNorm(nn.weightNorm(new nn.Linear(6, 3)), { name: "bias" });
    const input = x();
    const before = await list(layer.forward(input));
    nn.removeWeightNorm(layer);
    expect(keys(layer)).toEqual(["weight", "bias_g", "bias_v"]);
    expectClose(await list(layer.forward(input)), before, 1e-6);
    nn.removeWeightNorm(layer, "bias");
    expect(keys(layer)).toEqual(["weight", "bias"]);
    expectClose(await list(layer.forward(input)), before, 1e-6);
  });
});

describe("init.orthogonal", () => {
  it.each([[[3, 5]], [[5, 3]], [[4, 4]], [[6, 2, 3, 3]], [[1, 7]]])("%j", async (shape) => {
    const t = zeros(shape);
    expect(nn.init.orthogonal(t, { gain: 2 })).toBe(t);
    const [rows, cols] = [shape[0], t.size / shape[0]];
    const v = await list(t);
    const row = (i: number) => v.slice(i * cols, (i + 1) * cols);
    const column = (j: number) => Array.from({ length: rows }, (_, i) => v[i * cols + j]);
    const vectors = Array.from({ length: Math.min(rows, cols) }, (_, i) =>
      rows > cols ? column(i) : row(i),
    );
    vectors.forEach((a, i) => {
      vectors.forEach((b, j) => {
        const product = a.reduce((s, e, k) => s + e * b[k], 0);
        expect(Math.abs(product - (i === j ? 4 : 0))).toBeLessThan(1e-6);
      });
    });
  });

  it("needs a matrix", () => {
    expect(() => nn.init.orthogonal(zeros([3]))).toThrow(
      new ShapeError("orthogonal: needs a tensor of 2 or more axes, got [3]"),
    );
  });
});

describe("like another tensor", () => {
  it("shape, dtype and device; the dtype can be another", async () => {
    const t = tensor([[1, 2, 3]], { dtype: "i32" });
    expect(await list(zerosLike(t))).toEqual([0, 0, 0]);
    expect(await list(onesLike(t, { dtype: "f32" }))).toEqual([1, 1, 1]);
    expect(await list(fullLike(t, 7))).toEqual([7, 7, 7]);
    const made = [zerosLike(t), fullLike(t, 2), emptyLike(t), randintLike(t, 0, 5)];
    for (const m of made) expect([m.dtype, m.shape, m.device]).toEqual(["i32", [1, 3], t.device]);
    for (const m of [
      randLike(t),
      randnLike(t),
      onesLike(t, { dtype: "f32" }),
      emptyLike(t, { dtype: "f32" }),
    ])
      expect([m.dtype, m.shape]).toEqual(["f32", [1, 3]]);
    const draws = await list(randintLike(zeros([100]), 3, 6));
    expect(new Set(draws)).toEqual(new Set([3, 4, 5]));
    expect(emptyLike(t, { dtype: "f32", requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe("indexPut", () => {
  interface Options {
    readonly accumulate: boolean;
    readonly count: number;
  }
  it.each(loadGolden<Options>("further", "indexPut"))("as PyTorch: $name", async (c) => {
    const { count, accumulate } = c.options;
    const run = (inputs: Readonly<Record<string, Tensor>>) => [
      indexPut(
        inputs.x,
        Array.from({ length: count }, (_, i) => inputs[`i${i}`]),
        inputs.values,
        { accumulate },
      ),
    ];
    await checkGolden(c as unknown as GoldenCase, run);
  });

  it("of equal positions the last one is written, with its gradient; all are added", async () => {
    const at = tensor([1, 0, 1], { dtype: "i32" });
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const values = tensor([10, 20, 30], { requiresGrad: true });
    const y = indexPut(x, [at], values);
    expect(await list(y)).toEqual([20, 30, 3]);
    backward(y.sum());
    expect([await list(x.grad!), await list(values.grad!)]).toEqual([
      [0, 0, 1],
      [0, 1, 1],
    ]);
    expect(await list(indexPut(x, [at], values, { accumulate: true }))).toEqual([21, 42, 3]);
  });

  it("a position outside x is not written, and reported in debug mode", async () => {
    const at = [tensor([0, 2, 0], { dtype: "i32" }), tensor([1, 0, -4], { dtype: "i32" })];
    const y = indexPut(zeros([2, 3]), at, tensor([1, 2, 3]));
    await expect(y.data()).rejects.toThrow(IndexError);
    expect(await list(y)).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it("refuses what does not fit", () => {
    const i = tensor([0], { dtype: "i32" });
    expect(() => indexPut(zeros([2]), [zeros([1])], zeros([1]))).toThrow(
      "indexPut: indices must be i32, got f32[1]",
    );
    expect(() => indexPut(zeros([2]), [i, i], zeros([1]))).toThrow("got 2 for x [2]");
    expect(() => indexPut(zeros([2]), [i], i)).toThrow(DTypeError);
    expect(() => indexPut(zeros([2, 3]), [i], zeros([2]))).toThrow(ShapeError);
  });
});

describe("norm of sizes whose powers f32 does not hold", () => {
  it.each([
    [[3e30, -4e30], 5e30],
    [[3e-30, 4e-30], 5e-30],
    [[3e-38, 4e-38], 5e-38],
    [[1e38, 1e38, 1e38, 1e38], 2e38],
    [[1e30, 1e-30], 1e30],
    [[0, 0], 0],
    [[Infinity, 1], Infinity],
    [[NaN, Infinity], NaN],
    [[-5], 5],
  ])("%j", async (values, expected) => {
    const x = tensor(values, { requiresGrad: true });
    const y = norm(x);
    const found = await y.item();
    if (Number.isFinite(expected)) expect(Math.abs(found - expected)).toBeLessThanOrEqual(2e-7 * expected);
    else expect(found).toBe(expected);
    const cube = Math.cbrt(values.reduce((s, v) => s + Math.abs(v) ** 3, 0));
    if (Number.isFinite(cube))
      expect(Math.abs((await norm(x, { p: 3 }).item()) - cube)).toBeLessThanOrEqual(2e-6 * cube);
    if (!(expected > 0 && Number.isFinite(expected))) return;
    backward(y);
    expectClose(
      await list(x.grad!),
      values.map((v) => v / expected),
      1e-6,
    );
  });

  it("row by row, each with its own scale", async () => {
    const x = tensor([
      [3e30, 4e30],
      [3, 4],
      [3e-30, 4e-30],
      [0, 0],
    ]);
    const y = await list(norm(x, { axes: 1 }));
    [5e30, 5, 5e-30, 0].forEach((e, i) => {
      expect(Math.abs(y[i] - e)).toBeLessThanOrEqual(2e-7 * e);
    });
    const columns = await list(norm(x, { axes: 0, keepdim: true }));
    expect(columns.map((v) => Math.fround(v / 1e30).toPrecision(6))).toEqual(["3.00000", "4.00000"]);
  });
});
