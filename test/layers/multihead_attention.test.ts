// MultiheadAttention: PyTorch's golden values with all its masks, keys and initial values of the state dict, batch first and no
// batch, weights, dropout in training only, dispatches, errors.
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { scaledDotProductAttention } from "../../src/kernels/attention.ts";
import { pad } from "../../src/kernels/pad.ts";
import { transpose } from "../../src/kernels/permute.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { narrow } from "../../src/kernels/slice.ts";
import { square } from "../../src/kernels/unary.ts";
import { MultiheadAttention, type MultiheadForwardOptions } from "../../src/layers/multihead_attention.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { randn, tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenCase, loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose, type Inputs } from "../kernels/golden_case.ts";

let device: Device;
beforeAll(async () => {
  device = await requestDevice({ debug: true });
});

interface LayerOptions {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number | null;
  readonly vdim: number | null;
  readonly bias?: boolean;
  readonly biasKv?: boolean;
  readonly addZeroAttn?: boolean;
  readonly isCausal?: boolean;
  readonly maskKind: "bool" | "added" | "heads" | null;
}

const KEYS: Readonly<Record<string, string>> = {
  out_proj_weight: "out_proj.weight",
  out_proj_bias: "out_proj.bias",
};

/** A layer whose parameters are the tensors of the case, so that gradients arrive there. */
function layerOf({ options: o }: GoldenCase<LayerOptions>, inputs: Inputs): MultiheadAttention {
  const { embedDim, numHeads, bias, kdim, vdim } = o;
  const sizes = { kdim: kdim ?? undefined, vdim: vdim ?? undefined };
  const { biasKv, addZeroAttn } = o;
  const layer = new MultiheadAttention(embedDim, numHeads, { bias, biasKv, addZeroAttn, ...sizes });
  const names = Object.keys(inputs).filter((name) => name.includes("proj") || name.startsWith("bias_"));
  expect([...layer.stateDict().keys()].sort()).toEqual(names.map((n) => KEYS[n] ?? n).sort());
  const given = (name: string) => inputs[name] as never;
  const { weights, outProj } = layer as { -readonly [K in "weights" | "outProj"]: MultiheadAttention[K] };
  const apart = ["q_proj_weight", "k_proj_weight", "v_proj_weight"];
  const own = weights.length === 1 ? ["in_proj_weight"] : apart;
  Object.assign(layer, { weights: own.map(given), bias: given("in_proj_bias") ?? null });
  Object.assign(layer, { biasK: given("bias_k") ?? null, biasV: given("bias_v") ?? null });
  Object.assign(outProj, { weight: given("out_proj_weight"), bias: given("out_proj_bias") ?? null });
  return layer;
}

const bool = (c: GoldenCase, name: string): Tensor =>
  tensor(Array.from(c.inputs[name]!.data as Int32Array), { shape: c.inputs[name]!.shape, dtype: "bool" });

describe("golden values of PyTorch", () => {
  const cases = (["attention", "further"] as const).flatMap((family) =>
    loadGolden<LayerOptions>(family, "multiheadAttention"),
  );
  test.each(cases)("$name", (c) =>
    checkGolden(c as never, (inputs) => {
      const layer = layerOf(c, inputs);
      const { q, k = q, v = k, mask } = inputs;
      const options: MultiheadForwardOptions<false> = {
        isCausal: c.options.isCausal,
        keyPaddingMask: c.inputs.padding && bool(c as never, "padding"),
        attnMask: c.options.maskKind === "bool" ? bool(c as never, "mask") : mask,
      };
      return [layer.forward(q!, k!, v!, options)];
    }),
  );
});

describe("layer", () => {
  test("keys, shapes and initial values are PyTorch's", async () => {
    manualSeed(3);
    const layer = new MultiheadAttention(12, 3);
    const state = [...layer.stateDict()];
    expect(state.map(([key, t]) => [key, [...t.shape]])).toEqual([
      ["in_proj_weight", [36, 12]],
      ["in_proj_bias", [36]],
      ["out_proj.weight", [12, 12]],
      ["out_proj.bias", [12]],
    ]);
    const weight = await layer.weights[0]!.data();
    const bound = Math.sqrt(6 / (36 + 12));
    const largest = Math.max(...Array.from(weight, Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.95 * bound);
    expect(Math.max(...Array.from(await layer.outProj.weight.data(), Math.abs))).toBeLessThanOrEqual(
      12 ** -0.5,
    );
    for (const b of [layer.bias!, layer.outProj.bias!])
      expect(Array.from(await b.data()).every((x) => x === 0)).toBe(true);
    const apart = new MultiheadAttention(8, 2, { kdim: 6, vdim: 10, bias: false });
    expect([...apart.stateDict().keys()]).toEqual([
      "q_proj_weight",
      "k_proj_weight",
      "v_proj_weight",
      "out_proj.weight",
    ]);
    const further = new MultiheadAttention(8, 2, { biasKv: true });
    expect([...further.stateDict()].map(([key, t]) => `${key} ${t.shape}`)).toEqual([
      "in_proj_weight 24,8",
      "in_proj_bias 24",
      "bias_k 1,1,8",
      "bias_v 1,1,8",
      "out_proj.weight 8,8",
      "out_proj.bias 8",
    ]);
    expect(Math.max(...(await further.biasK!.data()))).not.toBe(0);
  });

  test("further keys: batch first gives the same, weights have columns for them", async () => {
    manualSeed(4);
    const options = { biasKv: true, addZeroAttn: true };
    const layer = new MultiheadAttention(8, 2, options);
    const other = new MultiheadAttention(8, 2, { ...options, batchFirst: true });
    for (const [i, p] of layer.parameters().entries())
      device.recorder.upload(other.parameters()[i]!, await p.data());
    const x = randn([5, 3, 8]);
    const first = transpose(x, 0, 1);
    const [y, weights] = layer.forward(x, x, x, { needWeights: true, isCausal: true });
    const z = other.forward(first, first, first, { isCausal: true });
    expectClose(await transpose(z, 0, 1).data(), await y.data(), 1e-6);
    expect(weights.shape).toEqual([3, 5, 7]);
    const w = await weights.data();
    // Query 0 attends to key 0 and the two further ones alone.
    expect([...w.slice(1, 5)]).toEqual([0, 0, 0, 0]);
    expect(Math.min(w[0]!, w[5]!, w[6]!)).toBeGreaterThan(0);
  });

  test("batch first and no batch give the same numbers", async () => {
    manualSeed(4);
    const layer = new MultiheadAttention(8, 2);
    const other = new MultiheadAttention(8, 2, { batchFirst: true });
    for (const [i, p] of layer.parameters().entries())
      device.recorder.upload(other.parameters()[i]!, await p.data());
    const x = randn([5, 1, 8]);
    const y = await layer.forward(x, x, x).data();
    const first = transpose(x, 0, 1); // [1, 5, 8]
    expectClose(await other.forward(first, first, first).data(), y, 1e-6);
    const alone = x.alias([5, 8]);
    const [z, weights] = layer.forward(alone, alone, alone, { needWeights: true });
    expect([z.shape, weights.shape]).toEqual([
      [5, 8],
      [5, 5],
    ]);
    expectClose(await z.data(), y, 1e-6);
    const copy = x.alias([5, 1, 8]); // another tensor: three projections
    expectClose(await layer.forward(x, copy, copy).data(), y, 1e-6);
  });

  test("weights: averaged over heads or not", async () => {
    const layer = new MultiheadAttention(8, 2);
    const x = randn([5, 3, 8]);
    const [y, mean] = layer.forward(x, x, x, { needWeights: true, isCausal: true });
    const [, each] = layer.forward(x, x, x, { needWeights: true, isCausal: true, averageAttnWeights: false });
    expect([mean.shape, each.shape]).toEqual([
      [3, 5, 5],
      [3, 2, 5, 5],
    ]);
    const [m, e] = [await mean.data(), await each.data()];
    for (let i = 0; i < 25; i++) expect(m[i]).toBeCloseTo((e[i]! + e[25 + i]!) / 2, 5);
    expectClose(await y.data(), await layer.forward(x, x, x, { isCausal: true }).data(), 2e-6);
  });

  // Beyond 128 attention is composed of plain ops.
  test("heads wider than the fused kernels take: columns of zeros change nothing", async () => {
    const [d, wide] = [8, 136];
    const draw = new Generator(3);
    const qkv = [0, 1, 2].map(() => tensor(draw.normal(10 * d), { shape: [1, 2, 5, d] }));
    for (const x of qkv) x.requiresGrad = true;
    const run = (columns: number) => {
      const [q, k, v] = qkv.map((x) => pad(x, [0, columns - d])); // [1, 2, 5, columns]
      const y = narrow(scaledDotProductAttention(q!, k!, v!, { isCausal: true, scale: 0.1 }), 3, 0, d);
      return [y, ...grad(sum(square(y)), qkv)];
    };
    const [fused, composed] = [run(d), run(wide)];
    for (const [i, t] of composed.entries()) expectClose(await t.data(), await fused[i]!.data(), 1e-5);
  });

  test("heads wider than the fused kernels take: a layer trains, captured", async () => {
    const layer = new MultiheadAttention(2 * 130, 2, { batchFirst: true, dropout: 0.1 });
    const x = randn([2, 3, 260]);
    const step = compile((x: Tensor) => {
      const loss = sum(square(layer.forward(x, x, x, { isCausal: true })));
      backward(loss);
      return loss;
    });
    expect(await step(x).item()).toBeGreaterThan(0);
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
  });

  test("dropout in training only", async () => {
    const layer = new MultiheadAttention(8, 2, { dropout: 0.5 });
    const x = randn([5, 3, 8]);
    const twice = async () => [
      [...(await layer.forward(x, x, x).data())],
      [...(await layer.forward(x, x, x).data())],
    ];
    const [a, b] = await twice();
    expect(a).not.toEqual(b);
    layer.eval();
    const [c, d] = await twice();
    expect(c).toEqual(d);
  });

  test("self-attention is three dispatches", () => {
    const layer = new MultiheadAttention(8, 2);
    const step = compile((x: Tensor) => layer.forward(x, x, x, { isCausal: true }));
    step(randn([5, 3, 8]));
    expect(step.programs[0]!.dispatches.map((d) => d.label)).toHaveLength(3);
  });

  test("errors", () => {
    const x = randn([5, 3, 8]);
    const layer = new MultiheadAttention(8, 2);
    const bad = (o: MultiheadForwardOptions<false>) => () => layer.forward(x, x, x, o);
    expect(() => new MultiheadAttention(8, 3)).toThrow(
      /^MultiheadAttention: embedDim must be a multiple of numHeads, got 8 and 3$/,
    );
    expect(() => new MultiheadAttention(0, 1)).toThrow(
      /^MultiheadAttention: embedDim must be a positive integer/,
    );
    expect(() => new MultiheadAttention(8, 2, { dropout: 2 })).toThrow(
      /^MultiheadAttention: dropout must be in/,
    );
    expect(() => layer.forward(x, randn([5, 3, 6]), x)).toThrow(
      /^MultiheadAttention: the last axis of k must be 8, q \[5,3,8\], k \[5,3,6\]/,
    );
    expect(() => layer.forward(x, randn([5, 2, 8]), randn([5, 2, 8]))).toThrow(
      /^MultiheadAttention: batches differ/,
    );
    expect(() => layer.forward(x, randn([5, 3, 8]), randn([4, 3, 8]))).toThrow(
      /^MultiheadAttention: k and v must have/,
    );
    expect(() => layer.forward(x, randn([3, 8]), x)).toThrow(
      /^MultiheadAttention: takes \[length, batch, features\]/,
    );
    expect(bad({ keyPaddingMask: tensor([[true]]) })).toThrow(
      /^MultiheadAttention: keyPaddingMask must be \[3,5\], keyPaddingMask \[1,1\]$/,
    );
    expect(bad({ attnMask: randn([5, 4]) })).toThrow(
      /^MultiheadAttention: attnMask must be \[5,5\] or \[6,5,5\]/,
    );
    expect(bad({ attnMask: tensor([1, 2]) })).toThrow(/attnMask/);
  });
});
