// RNN, LSTM, GRU and their cells: PyTorch's golden values with gradients of both orders, keys, parameter counts, initial
// values, dropout between layers, replay in a compiled function, errors.
import { beforeAll, describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../../src/gpu/errors.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { sum } from "../../src/kernels/reduce.ts";
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
  const layer = c.op === "GRU" ? new GRU(inputSize, hiddenSize, options) : new RNN(inputSize, hiddenSize, options);
  return load(layer).forward(x, h0, { lengths });
}

describe("golden values of PyTorch", () => {
  test.each(loadGolden<Options>("recurrent"))("$name", (c) =>
    checkGolden(c as never, (inputs) => runLayer(c, inputs as Record<string, Tensor>)),
  );
});
