// Models train: the loss of one batch falls, compiled, through the public entry. And the entry's own
// promises: methods of Tensor, one Tensor class whatever it is imported from.
import { beforeAll, describe, expect, it } from "vitest";
import * as wgrad from "../../src/node.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

const { compile, F, manualSeed, models, optim, randn, requestDevice, scope, tensor } = wgrad;

beforeAll(async () => {
  await requestDevice();
});

async function losses(model: wgrad.nn.Layer, x: Tensor, y: Tensor, steps: number): Promise<number[]> {
  const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = F.crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return { loss };
  });
  const seen: number[] = [];
  for (let i = 0; i < steps; i++) seen.push(await step(x, y).loss.item());
  return seen;
}

describe("models learn a batch by heart", () => {
  const labels = () =>
    tensor(
      Array.from({ length: 16 }, (_, i) => i % 10),
      { dtype: "i32" },
    );

  it("LeNet with batch norm and dropout", async () => {
    manualSeed(1);
    const model = new models.LeNet({ batchNorm: true, dropout: 0.2 });
    const seen = await losses(model, randn([16, 1, 28, 28]), labels(), 25);
    expect(seen[0]).toBeGreaterThan(1.5);
    expect(seen.at(-1)).toBeLessThan(0.3);
    const counted = model.stateDict().get("features.1.num_batches_tracked")!;
    expect(await counted.item()).toBe(25);
  });

  it("LeNet has the size of its docstring", () => {
    expect(new models.LeNet().parameters().reduce((n, p) => n + p.size, 0)).toBe(22_330);
  });

  it("Mlp", async () => {
    manualSeed(1);
    const seen = await losses(new models.Mlp([20, 32, 10]), randn([16, 4, 5]), labels(), 80);
    expect(seen.at(-1)).toBeLessThan(0.3 * seen[0]);
  });
});

describe("the entry", () => {
  it("attaches ops to Tensor", async () => {
    const x = tensor([[1, -2]], { requiresGrad: true });
    const y = x.mul(2).add(1).relu().sum(); // 3 + 0
    expect(await y.item()).toBe(3);
    y.backward();
    expect([...(await x.grad!.data())]).toEqual([2, 0]);
    expect(x.detach().requiresGrad).toBe(false);
    expect(x.transpose(0, 1).matmul(x).softmax().argmax(1).shape).toEqual([2]);
    expect(await x.mean().item()).toBe(-0.5);
  });

  it("refuses backward through what a scope has released", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = scope(() => x.mul(2).add(1).sum());
    expect(() => y.backward()).toThrow(/used after its release by scope/);
  });

  it("has no method that a loop over a tensor would see", () => {
    const seen: string[] = [];
    for (const key in tensor([1])) seen.push(key);
    expect(seen).not.toContain("relu");
  });

  it("exports the one Tensor", () => {
    expect(wgrad.Tensor).toBe(Tensor);
    expect(new wgrad.nn.Linear(2, 2).weight).toBeInstanceOf(Tensor);
  });
});
