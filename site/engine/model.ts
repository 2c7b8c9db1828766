// From the config of the Train page to the engine's objects: layers, optimizer, schedule. Initial values come from the seed
// alone, drawn on the CPU: the same seed gives the same bits on every adapter.

import { OptionError } from "../../src/gpu/errors.ts";
import { GELU, ReLU, Sigmoid, Tanh } from "../../src/layers/activation.ts";
import { BatchNorm2d } from "../../src/layers/batch_norm.ts";
import { Conv2d } from "../../src/layers/conv2d.ts";
import { Dropout } from "../../src/layers/dropout.ts";
import { Flatten } from "../../src/layers/flatten.ts";
import { Linear } from "../../src/layers/linear.ts";
import { AvgPool2d, MaxPool2d } from "../../src/layers/pooling.ts";
import { type Layer, Sequential } from "../../src/layers/sequential.ts";
import { Adam, AdamW } from "../../src/optim/adam.ts";
import type { AnyOptimizer } from "../../src/optim/optimizer.ts";
import { RMSprop } from "../../src/optim/rmsprop.ts";
import { LambdaLR, type Schedule, WarmupCosineLR } from "../../src/optim/schedule.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Parameter } from "../../src/tensor/parameter.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { warmupCosine } from "../../src/train/recipes/runner/schedule.ts";
import { checkLayers, type LayerSpec, type SampleShape } from "./layers.ts";
import type { OptimizerName, RunConfig, ScheduleName } from "./protocol.ts";

const MOMENTUM = 0.9;
/** Steps of rising rate of the schedule `warmup`, but at most a tenth of the run. */
const WARMUP_STEPS = 100;

/** Throws OptionError with the list's own words where the layers do not fit. */
export function buildModel(
  layers: readonly LayerSpec[],
  input: SampleShape,
  classes: number,
  seed: number,
): Sequential {
  const checked = checkLayers(layers, input, classes);
  if (checked.fault !== null) throw new OptionError(checked.fault);
  const generator = new Generator(seed).fork("weights");
  return new Sequential(...checked.layers.map(({ layer, input }) => build(layer, input!, generator)));
}

function build(layer: LayerSpec, [width = 0]: SampleShape, generator: Generator): Layer {
  switch (layer.kind) {
    case "conv": {
      const { channels, kernel, stride, padding } = layer;
      return new Conv2d(width, channels, { kernelSize: kernel, stride, padding, generator });
    }
    case "maxpool":
      return new MaxPool2d(layer.kernel);
    case "avgpool":
      return new AvgPool2d(layer.kernel);
    case "batchnorm":
      return new BatchNorm2d(width);
    case "relu":
      return new ReLU();
    case "gelu":
      return new GELU();
    case "tanh":
      return new Tanh();
    case "sigmoid":
      return new Sigmoid();
    case "flatten":
      return new Flatten();
    case "dropout":
      return new Dropout(layer.p);
    case "linear":
      return new Linear(width, layer.features, { generator });
  }
}

const OPTIMIZERS = {
  sgd: (p, lr) => new SGD(p, { lr, momentum: MOMENTUM }),
  adam: (p, lr) => new Adam(p, { lr }),
  adamw: (p, lr) => new AdamW(p, { lr }),
  rmsprop: (p, lr) => new RMSprop(p, { lr }),
} satisfies Record<OptimizerName, (params: Parameter[], lr: number) => AnyOptimizer>;

export const buildOptimizer = (name: OptimizerName, params: Parameter[], lr: number): AnyOptimizer =>
  OPTIMIZERS[name](params, lr);

const SCHEDULES = {
  constant: (o) => new LambdaLR(o, () => 1),
  cosine: (o, totalSteps) => new WarmupCosineLR(o, { warmupSteps: 0, totalSteps }),
  warmup: (o, totalSteps) => warmupCosine(o, totalSteps, WARMUP_STEPS),
} satisfies Record<ScheduleName, (optimizer: AnyOptimizer, totalSteps: number) => Schedule>;

export const buildSchedule = (name: ScheduleName, optimizer: AnyOptimizer, totalSteps: number): Schedule =>
  SCHEDULES[name](optimizer, totalSteps);

const MOST_BATCH = 512;
const MOST_EPOCHS = 1000;

/** Throws OptionError naming the field: a config may come from anybody's link. */
export function checkConfig(config: RunConfig): void {
  const fault = (why: string): never => {
    throw new OptionError(why);
  };
  const whole = (name: "batch" | "epochs" | "seed" | "patience", low: number, high: number) => {
    const value = config[name];
    if (!Number.isSafeInteger(value) || value < low || value > high)
      fault(`${name} must be a whole number from ${low} to ${high}, got ${value}`);
  };
  if (!Object.hasOwn(OPTIMIZERS, config.optimizer)) fault(`there is no optimizer ${config.optimizer}`);
  if (!Object.hasOwn(SCHEDULES, config.schedule)) fault(`there is no schedule ${config.schedule}`);
  if (config.data !== "mnist" && config.data !== "own") fault(`there is no data set ${config.data}`);
  whole("batch", 1, MOST_BATCH);
  whole("epochs", 1, MOST_EPOCHS);
  whole("seed", 0, Number.MAX_SAFE_INTEGER);
  whole("patience", 0, MOST_EPOCHS);
  checkRate(config.lr);
}

export function checkRate(lr: number): void {
  if (!(Number.isFinite(lr) && lr >= 0 && lr <= 100))
    throw new OptionError(`the learning rate must be from 0 to 100, got ${lr}`);
}
