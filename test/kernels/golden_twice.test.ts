// PyTorch's golden values of twice.py: what the families by subject have no case of, or none with gradients of gradients.
import { beforeAll, expect, test } from "vitest";
import { boxIou } from "../../src/functional/box_loss.ts";
import { infoNce } from "../../src/functional/contrastive_loss.ts";
import { ctc } from "../../src/functional/ctc_loss.ts";
import { bce } from "../../src/functional/loss.ts";
import { multiMargin } from "../../src/functional/margin_loss.ts";
import { generalizedDice, softmaxFocal } from "../../src/functional/overlap_loss.ts";
import { huber, l1 } from "../../src/functional/regression_loss.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { prelu } from "../../src/kernels/activation_hard.ts";
import { globalAvgPool, globalMaxPool } from "../../src/kernels/adaptive_pool.ts";
import {
  adaptiveAvgPool1d,
  adaptiveMaxPool1d,
  adaptiveMaxPool3d,
} from "../../src/kernels/adaptive_pool_nd.ts";
import { avgPool2d } from "../../src/kernels/avg_pool.ts";
import { linear } from "../../src/kernels/linear.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { avgPool1d, type MaxPoolNdOptions, maxPool1d } from "../../src/kernels/pool_nd.ts";
import { logSoftmax, softmax } from "../../src/kernels/softmax.ts";
import { sort } from "../../src/kernels/sort.ts";
import { Conv1d, Conv2d, Conv3d } from "../../src/layers/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";
import { checkGolden, type Inputs } from "./golden_case.ts";

// biome-ignore lint/suspicious/noExplicitAny: options of every op, as the file has them
type Run = (inputs: Inputs, options: any) => readonly Tensor[];

const indices = { returnIndices: true } as const;
const LAYERS = { conv1d: Conv1d, conv2d: Conv2d, conv3d: Conv3d };

/** Through the layer, which adds the border, with the weights of the case. */
function convolution(name: keyof typeof LAYERS): Run {
  return ({ x, weight, bias = null }, options) => {
    const { groups = 1 } = options;
    const sizes = { ...options, kernelSize: weight.shape.slice(2), bias: bias !== null };
    const layer = new LAYERS[name](weight.shape[1] * groups, weight.shape[0], sizes);
    return [Object.assign(layer, { weight, bias }).forward(x)];
  };
}

const RUN: Readonly<Record<string, Run>> = {
  l1: ({ x, y }, o) => [l1(x, y, o)],
  huber: ({ x, y }, o) => [huber(x, y, o)],
  bce: ({ x, y }, o) => [bce(x, y, o)],
  multiMargin: ({ x, labels }, o) => [multiMargin(x, labels, o)],
  infoNce: ({ a, b }, o) => [infoNce(a, b, o)],
  generalizedDice: ({ x, y }, o) => [generalizedDice(x, y, o)],
  softmaxFocal: ({ x, labels }, o) => [softmaxFocal(x, labels, o)],
  boxIou: ({ a, b }) => [boxIou(a, b)],
  ctc: ({ x, targets }, { steps, widths }) => [ctc(logSoftmax(x, 2), targets, steps, widths)],
  adaptiveAvgPool1d: ({ x }, o) => [adaptiveAvgPool1d(x, o.outputSize)],
  adaptiveMaxPool1d: ({ x }, o) => adaptiveMaxPool1d(x, o.outputSize, indices),
  adaptiveMaxPool3d: ({ x }, o) => adaptiveMaxPool3d(x, o.outputSize, indices),
  globalAvgPool: ({ x }) => [globalAvgPool(x)],
  globalMaxPool: ({ x }) => [globalMaxPool(x)],
  avgPool1d: ({ x }, o) => [avgPool1d(x, o)],
  avgPool2d: ({ x }, o) => [avgPool2d(x, o)],
  maxPool1d: ({ x }, o) => maxPool1d(x, { ...(o as MaxPoolNdOptions), ...indices }),
  softmax: ({ x }, o) => [softmax(x, o.axis)],
  sort: ({ x }, { axis, descending }) => Object.values(sort(x, { axis, descending })),
  matmul: ({ a, b }) => [matmul(a, b)],
  linear: ({ x, weight, bias }) => [linear(x, weight, bias)],
  prelu: ({ x, weight }) => [prelu(x, weight)],
  conv1d: convolution("conv1d"),
  conv2d: convolution("conv2d"),
  conv3d: convolution("conv3d"),
};

beforeAll(async () => {
  await requestDevice();
});

test.each(loadGolden("twice"))("$name", async (c) => {
  expect(RUN[c.op], c.op).toBeTypeOf("function");
  await checkGolden(c, (inputs) => RUN[c.op](inputs, c.options));
});
