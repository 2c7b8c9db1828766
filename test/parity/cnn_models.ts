// The convolutional networks that make.py measures, by its names, and what they are called with.

import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import type { Layer } from "../../src/layers/sequential.ts";
import * as models from "../../src/models/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { goldenFile } from "../golden/load.ts";
import { labels, picture } from "./formula.ts";
import type { GoldenRun } from "./run.ts";

type Options = Record<string, number>;

/** By the name in keys.json. */
export const MODELS: Record<string, (options: Options) => Layer> = {
  resnet18: models.resnet18,
  resnet34: models.resnet34,
  resnet50: models.resnet50,
  resnet101: models.resnet101,
  se_resnet18: models.seResnet18,
  se_resnet50: models.seResnet50,
  squeezenet1_1: models.squeezenet1_1,
  alexnet: models.alexnet,
  vgg11: models.vgg11,
  vgg16: models.vgg16,
  vgg16_bn: models.vgg16Bn,
  vgg19: models.vgg19,
  mobilenet_v2: models.mobilenetV2,
  mobilenet_v3_small: models.mobilenetV3Small,
  mobilenet_v3_large: models.mobilenetV3Large,
  densenet121: models.densenet121,
  efficientnet_b0: models.efficientnetB0,
  convnext_tiny: models.convnextTiny,
  unet: (options) => models.unet(options as models.UnetOptions),
};

/** PyTorch's names of options that wgrad names otherwise. */
const OPTION_NAMES: Record<string, string> = {
  num_classes: "numClasses",
  in_channels: "inChannels",
  stochastic_depth_prob: "stochasticDepth",
  width_mult: "width",
  growth_rate: "growthRate",
  num_init_features: "width",
  block_config: "layers",
};

interface Described {
  readonly case: string;
  readonly model: string;
  readonly options: Options;
  readonly shape: readonly number[];
  readonly training: boolean;
  /** Name of the input. */
  readonly x: string;
}

const described = (file: string) => {
  const { tensors, metadata } = goldenFile(`../parity/cnn/${file}`);
  return { tensors, ...(JSON.parse(metadata.case!) as Described) };
};

/** Which model a file is a run of. */
export const modelOf = (file: string): string => described(file).model;

export function readRun(file: string): GoldenRun {
  const { tensors, case: name, model: kind, options, shape, training, x } = described(file);
  const mine = Object.entries(options).map(([k, v]) => [OPTION_NAMES[k] ?? k, v]);
  const model = skipInit(() => MODELS[kind]!(Object.fromEntries(mine)));
  return {
    name,
    model,
    inputs: [tensor(picture(x, shape).data, { shape })],
    forward: (x) => model.forward(x),
    targets: (logits) => labelled(name, logits),
    loss: crossEntropy,
    training,
    rates: { sgd: 1e-3, adamw: 1e-4 },
    part: (part) => tensors.get(`${name}/${part}`),
  };
}

/** Labels for logits [n, classes, ...]. */
function labelled(name: string, logits: readonly number[]): Tensor {
  const shape = logits.filter((_, axis) => axis !== 1); // [n, ...]
  const count = shape.reduce((n, s) => n * s, 1);
  return tensor(labels(`${name} y`, count, logits[1]!), { shape });
}
