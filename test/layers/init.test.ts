// Initial values: PyTorch's bounds and statistics, the same bits for the same seed.
import { beforeAll, describe, expect, it } from "vitest";
import { requestDevice } from "../../src/hosts/node.ts";
import {
  BatchNorm2d,
  Conv2d,
  Embedding,
  init,
  LayerNorm,
  Linear,
  type Module,
} from "../../src/layers/index.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import { empty, type Tensor } from "../../src/tensor/tensor.ts";
import { loadLayers } from "../golden/load.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

async function statistics(t: Tensor): Promise<Statistics> {
  const values = Array.from(await t.data());
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length;
  const [min, max] = values.reduce(
    ([lo, hi], v) => [Math.min(lo, v), Math.max(hi, v)],
    [Infinity, -Infinity],
  );
  return { mean, std: Math.sqrt(variance), min, max };
}

/** Mean and std within five standard errors; for fewer than 100 values only the bounds. */
function expectUniform(s: Statistics, n: number, bound: number): void {
  expect(s.min).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
  expect(s.max).toBeLessThanOrEqual(bound * (1 + 1e-6));
  if (n < 100) return;
  expect(s.max).toBeGreaterThan(0.95 * bound);
  expect(s.min).toBeLessThan(-0.95 * bound);
  const std = bound / Math.sqrt(3);
  expect(Math.abs(s.mean)).toBeLessThan((5 * std) / Math.sqrt(n));
  expect(Math.abs(s.std / std - 1)).toBeLessThan(5 / Math.sqrt(n));
}

function expectNormal(s: Statistics, n: number, mean: number, std: number): void {
  expect(Math.abs(s.mean - mean)).toBeLessThan((5 * std) / Math.sqrt(n));
  expect(Math.abs(s.std / std - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
}

describe("defaults of layers", () => {
  const golden = loadLayers();

  it.each(golden.initBounds)("$layer $args", async ({ layer, args, weightShape, weightBound, biasBound }) => {
    manualSeed(1);
    const a = args as Record<string, number> & { kernelSize: [number, number] };
    const made =
      layer === "Linear"
        ? new Linear(a.inFeatures, a.outFeatures)
        : new Conv2d(a.inChannels, a.outChannels, { kernelSize: a.kernelSize, groups: a.groups });
    expect(made.weight.shape).toEqual(weightShape);
    expectUniform(await statistics(made.weight), made.weight.size, weightBound);
    expectUniform(await statistics(made.bias!), made.bias!.size, biasBound);
  });

  it.each(Object.entries(golden.initConstants))("%s is constant", async (name, constants) => {
    const layer: Module = name === "LayerNorm" ? new LayerNorm([2, 3]) : new BatchNorm2d(6);
    for (const [key, t] of layer.stateDict()) {
      expect([...new Set(await t.data())], key).toEqual([constants[key]]);
    }
    expect([...layer.stateDict().keys()].sort()).toEqual(Object.keys(constants).sort());
  });

  it("Embedding is normal with a zero padding row", async () => {
    const layer = new Embedding(300, 40, { generator: new Generator(2) });
    expectNormal(await statistics(layer.weight), 12_000, 0, 1);
    const padded = new Embedding(300, 40, { generator: new Generator(2), paddingIdx: -300 });
    const [plain, values] = [await layer.weight.data(), await padded.weight.data()];
    expect(padded.paddingIdx).toBe(0);
    expect([...new Set(values.subarray(0, 40))]).toEqual([0]);
    expect(values.subarray(40)).toEqual(plain.subarray(40));
  });

  it("give the same bits for the same seed, and draw from one stream", async () => {
    const draw = async (): Promise<unknown> => {
      manualSeed(7);
      const layers = [new Linear(5, 3), new Conv2d(2, 4, 3)];
      return Promise.all(layers.map(async (l) => [await l.weight.data(), await l.bias!.data()]));
    };
    expect(await draw()).toEqual(await draw());
    manualSeed(7);
    const [a, b] = [new Linear(5, 3), new Linear(5, 3)];
    expect(await a.weight.data()).not.toEqual(await b.weight.data());
  });
});

describe("init", () => {
  const shape = [40, 30, 3, 3]; // fanIn 270, fanOut 360
  const n = 40 * 270;
  const generator = () => new Generator(3);

  it("uniform, normal, constant", async () => {
    const t = empty(shape);
    expect(init.uniform(t, -2, 2, { generator: generator() })).toBe(t);
    expectUniform(await statistics(t), n, 2);
    expectNormal(await statistics(init.normal(t, 3, 0.5, { generator: generator() })), n, 3, 0.5);
    expect((await statistics(init.constant(t, 0.25))).std).toBe(0);
    expect((await statistics(init.ones(t))).mean).toBe(1);
    expect((await statistics(init.zeros(t))).max).toBe(0);
  });

  it("kaiming and xavier", async () => {
    const t = empty(shape);
    const g = { generator: generator() };
    expectUniform(await statistics(init.kaimingUniform(t, g)), n, Math.sqrt(6 / 270));
    expectUniform(await statistics(init.kaimingUniform(t, { ...g, a: Math.sqrt(5) })), n, Math.sqrt(1 / 270));
    const fanOut = { ...g, mode: "fanOut", nonlinearity: "relu" } as const;
    expectNormal(await statistics(init.kaimingNormal(t, fanOut)), n, 0, Math.sqrt(2 / 360));
    const tanh = init.calculateGain("tanh");
    expectUniform(
      await statistics(init.xavierUniform(t, { ...g, gain: tanh })),
      n,
      tanh * Math.sqrt(6 / 630),
    );
    expectNormal(await statistics(init.xavierNormal(t, g)), n, 0, Math.sqrt(2 / 630));
  });

  it("truncNormal stays within its bounds", async () => {
    const s = await statistics(init.truncNormal(empty(shape), 0, 1, -2, 1, { generator: generator() }));
    expect(s.min).toBeGreaterThanOrEqual(-2);
    expect(s.max).toBeLessThanOrEqual(1);
    // Mean and variance of N(0, 1) given -2 <= z <= 1, from its density at the bounds.
    const [low, high, mass] = [0.05399097, 0.24197072, 0.81859461];
    const mean = (low - high) / mass;
    expectNormal(s, n, mean, Math.sqrt(1 + (-2 * low - 1 * high) / mass - mean ** 2));
  });

  it("says what is wrong", () => {
    expect(() => init.kaimingNormal(empty([3]))).toThrow(
      /init: fans need a weight of 2 or more axes, got \[3\]/,
    );
    expect(() => init.calculateGain("swish" as never)).toThrow(/nonlinearity must be one of linear/);
    expect(() => init.kaimingNormal(empty([3, 3]), { mode: "both" as never })).toThrow(
      /mode must be fanIn or fanOut/,
    );
    expect(() => init.truncNormal(empty([3]), 0, 1, 8, 9)).toThrow(/truncNormal: too little of N\(0, 1\^2\)/);
  });
});
