// RNN, LSTM, GRU and their cells: PyTorch's golden values with gradients of both orders, keys, parameter counts, initial
// values, dropout between layers, replay in a compiled function, errors.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import { GRU, GRUCell, LSTM, LSTMCell, type Module, RNN, RNNCell } from "../../src/layers/index.ts";
import type { RecurrentLayerOptions } from "../../src/layers/recurrent.ts";
import { backward, grad } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { rand, randn, zeros } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenCase, loadGolden } from "../golden/load.ts";
import { checkGolden, expectClose } from "../kernels/golden_case.ts";

beforeAll(async () => {
  await requestDevice({ debug: true });
});

interface Options extends RecurrentLayerOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly lengths?: number[];
  readonly nonlinearity?: "tanh" | "relu";
}

/** Runs the case through a layer with its weights, which take the place of the inputs that checkGolden differentiates. */
function runLayer(c: GoldenCase<Options>, inputs: Record<string, Tensor>): Tensor[] {
  const { inputSize, hiddenSize, lengths, ...options } = c.options;
  const { x, h0 = null, c0 = null } = inputs as Record<string, Tensor> & { x: Tensor };
  const load = <M extends Module>(layer: M): M => {
    const weights = Object.entries(c.inputs).filter(([key]) => !["x", "h0", "c0"].includes(key));
    layer.loadStateDict(new Map(weights) as never);
    for (const [key, p] of layer.namedParameters()) inputs[key] = p;
    return layer;
  };
  if (c.op === "LSTM") {
    const state = h0 && c0 && ([h0, c0] as const);
    const [y, [h, cell]] = load(new LSTM(inputSize, hiddenSize, options)).forward(x, state, { lengths });
    return [y, h, cell];
  }
  const layer =
    c.op === "GRU" ? new GRU(inputSize, hiddenSize, options) : new RNN(inputSize, hiddenSize, options);
  return load(layer).forward(x, h0, { lengths });
}

describe("golden values of PyTorch", () => {
  test.each(loadGolden<Options>("recurrent"))("$name", (c) =>
    checkGolden(c as never, (inputs) => runLayer(c, inputs as Record<string, Tensor>)),
  );
});

const count = (layer: Module) => layer.parameters().reduce((n, p) => n + p.size, 0);

describe("parameters", () => {
  test("as many as PyTorch has", () => {
    const two = { numLayers: 2 };
    expect(count(new LSTM(10, 20, two))).toBe(5920);
    expect(count(new GRU(10, 20, two))).toBe(4440);
    expect(count(new LSTM(10, 20, { ...two, bidirectional: true }))).toBe(15040);
    expect(count(new GRU(10, 20, { ...two, bidirectional: true }))).toBe(11280);
    expect(count(new RNN(10, 20, { bias: false }))).toBe(20 * 30);
    expect(count(new LSTMCell(10, 20))).toBe(80 * 32);
  });

  test("under PyTorch's keys, in its order and shapes", () => {
    const shapes = (layer: Module) => [...layer.stateDict()].map(([key, t]) => `${key} ${t.shape}`);
    expect(shapes(new GRU(3, 4, { numLayers: 2, bidirectional: true }))).toEqual(
      ["l0", "l0_reverse", "l1", "l1_reverse"].flatMap((at, i) => [
        `weight_ih_${at} 12,${i < 2 ? 3 : 8}`,
        `weight_hh_${at} 12,4`,
        `bias_ih_${at} 12`,
        `bias_hh_${at} 12`,
      ]),
    );
    expect(shapes(new RNNCell(3, 4))).toEqual(["weight_ih 4,3", "weight_hh 4,4", "bias_ih 4", "bias_hh 4"]);
  });

  test("start uniform on +-1 / sqrt(hidden)", async () => {
    const layer = new LSTM(30, 25, { generator: new Generator(5) });
    for (const p of layer.parameters()) {
      const values = Array.from(await p.data());
      expect(Math.max(...values)).toBeLessThanOrEqual(0.2);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.2);
      expect(Math.max(...values)).toBeGreaterThan(0.17);
    }
  });

  test("print with their options", () => {
    expect(String(new GRU(3, 4, { numLayers: 2, batchFirst: true }))).toBe(
      "GRU(3, 4, numLayers=2, batchFirst=true)",
    );
    expect(String(new LSTMCell(3, 4, { bias: false }))).toBe("LSTMCell(3, 4, bias=false)");
  });
});

describe("forward", () => {
  test("a cell is a layer over one step, with or without a batch axis", async () => {
    const layer = new LSTM(3, 5);
    const cell = new LSTMCell(3, 5);
    const keys = [...layer.stateDict()].map(([key, t]) => [key.replace("_l0", ""), t] as const);
    cell.loadStateDict(new Map(keys));
    const [x, h, c] = [randn([2, 3]), randn([2, 5]), randn([2, 5])];
    const [, [hN, cN]] = layer.forward(reshape(x, [1, 2, 3]), [reshape(h, [1, 2, 5]), reshape(c, [1, 2, 5])]);
    const [h1, c1] = cell.forward(x, [h, c]);
    expect(h1.shape).toEqual([2, 5]);
    expect(await h1.data()).toEqual(await hN.data());
    expect(await c1.data()).toEqual(await cN.data());
    for (const single of [new GRUCell(3, 5), new RNNCell(3, 5, { nonlinearity: "relu" })]) {
      expect(single.forward(zeros([3]), zeros([5])).shape).toEqual([5]);
      expect(single.forward(zeros([2, 3])).shape).toEqual([2, 5]);
    }
  });

  test("one sequence without a batch axis", async () => {
    const layer = new GRU(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true });
    const x = randn([6, 3]);
    const h0 = randn([4, 4]);
    const [y, h] = layer.forward(x, h0);
    const [yb, hb] = layer.forward(reshape(x, [1, 6, 3]), reshape(h0, [4, 1, 4]));
    expect([y.shape, h.shape]).toEqual([
      [6, 8],
      [4, 4],
    ]);
    expect(await y.data()).toEqual(await yb.data());
    expect(await h.data()).toEqual(await hb.data());
  });

  test("drops outputs between layers in training only", async () => {
    const layer = new RNN(3, 4, { numLayers: 2, dropout: 1 });
    const x = randn([2, 3, 3]);
    // All of the first layer is dropped: every sequence gives the same.
    const [y] = layer.forward(x);
    const values = Array.from(await y.data());
    expectClose(values.slice(0, 4), values.slice(4, 8), 1e-7);
    layer.eval();
    const kept = Array.from(await layer.forward(x)[0].data());
    expect(kept.slice(0, 4)).not.toEqual(kept.slice(4, 8));
  });

  test("an empty batch", async () => {
    const layer = new LSTM(3, 4, { numLayers: 2, bidirectional: true });
    const [y, [h, c]] = layer.forward(zeros([5, 0, 3]));
    expect([y.shape, h.shape, c.shape]).toEqual([
      [5, 0, 8],
      [4, 0, 4],
      [4, 0, 4],
    ]);
    backward(sum(y));
    for (const p of layer.parameters()) expect(await p.grad!.data()).toEqual(new Float32Array(p.size));
  });

  test.each<[string, () => LSTM | GRU | RNN]>([
    ["LSTM", () => new LSTM(3, 8, { numLayers: 2, bidirectional: true })],
    ["GRU", () => new GRU(3, 5, { bidirectional: true })],
    ["RNN", () => new RNN(3, 8, { nonlinearity: "relu" })],
  ])("replays in a compiled function what it computes eagerly: %s", async (_, make) => {
    const layer = make();
    const run = (x: Tensor) => {
      const [y] = layer.forward(x, null, { lengths: [4, 2, 3] });
      return [y, ...grad(sum(y), layer.parameters())];
    };
    const step = compile(run);
    for (let i = 0; i < 3; i++) {
      const x = rand([4, 3, 3]);
      const [want, got] = [run(x), step(x)];
      for (const [k, t] of want.entries()) expect(await got[k].data()).toEqual(await t.data());
    }
  });
});

describe("errors", () => {
  test.each([
    [() => new LSTM(0, 4), OptionError, /^LSTM: inputSize must be a positive integer, got 0$/],
    [
      () => new GRU(3, 4, { numLayers: 1.5 }),
      OptionError,
      /^GRU: numLayers must be a positive integer, got 1.5$/,
    ],
    [() => new RNN(3, 4, { dropout: 2 }), OptionError, /^RNN: dropout must be in \[0, 1\], got 2$/],
    [
      () => new RNN(3, 4, { nonlinearity: "gelu" as never }),
      OptionError,
      /^RNN: nonlinearity must be tanh or relu/,
    ],
    [() => new LSTMCell(3, -1), OptionError, /^LSTMCell: hiddenSize must be a positive integer, got -1$/],
    [() => new GRU(3, 4).forward(zeros([2, 2, 5])), ShapeError, /^GRU: x must be \[time, batch, 3\]/],
    [
      () => new GRU(3, 4).forward(zeros([0, 2, 3])),
      ShapeError,
      /^gru: needs at least one step, x \[0,2,3\]$/,
    ],
    [
      () => new GRU(3, 4).forward(zeros([2, 2, 3]), zeros([2, 4])),
      ShapeError,
      /^GRU: h0 must be \[1,2,4\], is \[2,4\]$/,
    ],
    [
      () => new LSTM(3, 4).forward(zeros([2, 2, 3]), [zeros([1, 2, 4]), zeros([1, 2, 5])]),
      ShapeError,
      /^LSTM: c0 must be \[1,2,4\], is \[1,2,5\]$/,
    ],
    [
      () => new LSTM(3, 4).forward(zeros([2, 2, 3]), null, { lengths: [0, 1] }),
      OptionError,
      /^LSTM: lengths must be in 1..2, got 0$/,
    ],
    [
      () => new RNNCell(3, 4).forward(zeros([2, 2, 3])),
      ShapeError,
      /^RNNCell: x must be \[batch, in\] or \[in\]/,
    ],
    [
      () => new GRUCell(3, 4).forward(zeros([2, 3]), zeros([4])),
      ShapeError,
      /^GRUCell: h must be \[2,4\], is \[4\]$/,
    ],
  ])("%s", (run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
