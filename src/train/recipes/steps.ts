// Training steps to look into (`wgrad inspect`): those of the recipes, and the small ones that the bench compares with other
// libraries. A step is a plain function of a batch; whoever runs it compiles it as he likes.

import { OptionError } from "../../gpu/errors.ts";
import { crossEntropy } from "../../kernels/cross_entropy.ts";
import { reshape } from "../../kernels/reshape.ts";
import type { Module } from "../../layers/module.ts";
import { Gpt } from "../../models/gpt.ts";
import { LeNet } from "../../models/lenet.ts";
import { Mlp } from "../../models/mlp.ts";
import { resnet18 } from "../../models/resnet.ts";
import { unet } from "../../models/unet.ts";
import { Adam } from "../../optim/adam.ts";
import type { HostArray } from "../../tensor/compile.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface TrainingStep {
  /** What is trained, in one line. */
  readonly title: string;
  readonly model: Module;
  /** Forward, backward, optimizer. */
  readonly run: (x: Tensor, y: Tensor) => unknown;
  /** A batch. */
  readonly inputs: readonly [x: HostArray, y: HostArray];
}

const MLP = { batch: 64, sizes: [784, 256, 10] };
const LENET = { batch: 32, channels: [8, 16] } as const;
const RESNET = { batch: 4, size: 64, width: 16 };
const UNET = { batch: 2, size: 64, width: 8, depth: 3 };
const GPT = { batch: 8, vocab: 65, length: 64, d: 64, heads: 4, layers: 2 };
const CLASSES = 10;

export function mlpStep(): TrainingStep {
  const { batch, sizes } = MLP;
  const model = new Mlp(sizes);
  const title = `MLP ${sizes.join("-")}, batch ${batch}, Adam`;
  const inputs = [pixels([batch, sizes[0]]), classes(batch, CLASSES)] as const;
  return classifier({ title, model, inputs }, (x) => model.forward(x));
}

export function lenetStep(): TrainingStep {
  const { batch, channels } = LENET;
  const model = new LeNet({ channels });
  const title = `LeNet 1-${channels.join("-")}, batch ${batch} of 28x28, Adam`;
  const inputs = [pixels([batch, 1, 28, 28]), classes(batch, CLASSES)] as const;
  return classifier({ title, model, inputs }, (x) => model.forward(x));
}

export function resnetStep(): TrainingStep {
  const { batch, size, width } = RESNET;
  const model = resnet18({ width, numClasses: CLASSES });
  const title = `ResNet-18 of width ${width}, batch ${batch} of ${size}x${size}, Adam`;
  const inputs = [pixels([batch, 3, size, size]), classes(batch, CLASSES)] as const;
  return classifier({ title, model, inputs }, (x) => model.forward(x));
}

export function unetStep(): TrainingStep {
  const { batch, size, width, depth } = UNET;
  const model = unet({ width, depth });
  const title = `U-Net of width ${width}, depth ${depth}, batch ${batch} of ${size}x${size}, Adam`;
  const labels = { ...classes(batch * size * size, 2), shape: [batch, size, size] };
  const inputs = [pixels([batch, 1, size, size]), labels] as const;
  return classifier({ title, model, inputs }, (x) => model.forward(x));
}

export function gptStep(): TrainingStep {
  const { batch, ...options } = GPT;
  const { vocab, length, d, heads, layers } = options;
  const model = new Gpt(options);
  const title = `GPT of ${layers} layers, d ${d}, ${heads} heads, t ${length}, vocab ${vocab}, batch ${batch}, Adam`;
  const ids = { ...classes(batch * length, vocab), shape: [batch, length] };
  const inputs = [ids, classes(batch * length, vocab)] as const;
  return classifier({ title, model, inputs }, (x) => reshape(model.forward(x), [x.size, vocab])); // [b t, vocab]
}

/** Cross-entropy of `logits` [n, classes, ...], lowered by Adam. */
function classifier(step: Omit<TrainingStep, "run">, logits: (x: Tensor) => Tensor): TrainingStep {
  const optimizer = new Adam(step.model.parameters());
  const run = (x: Tensor, labels: Tensor) => {
    const loss = crossEntropy(logits(x), labels); // []
    optimizer.minimize(loss);
    return loss;
  };
  return { ...step, run };
}

/** Made up: what a step costs does not depend on the values. */
function pixels(shape: readonly number[]): HostArray {
  const size = shape.reduce((n, s) => n * s, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => ((i * 37) % 256) / 255), shape };
}

function classes(count: number, of: number): HostArray {
  return { data: Int32Array.from({ length: count }, (_, i) => (i * 7) % of), shape: [count] };
}

const steps = {
  digits: async () => (await import("./digits.ts")).digitsStep(),
  mlp: async () => mlpStep(),
  lenet: async () => lenetStep(),
  gpt: async () => gptStep(),
  resnet18: async () => resnetStep(),
  unet: async () => unetStep(),
} satisfies Record<string, () => Promise<TrainingStep>>;

/** Names of the steps there are. */
export const STEP_NAMES = Object.keys(steps) as (keyof typeof steps)[];

/** A name from outside. Throws OptionError listing the names there are. */
export function stepName(name: string, command = "inspect"): keyof typeof steps {
  const known = STEP_NAMES.find((s) => s === name);
  if (known) return known;
  throw new OptionError(`${command}: step must be one of ${STEP_NAMES.join(", ")}, got ${name}`);
}

/** A fresh model with its step, on the current device. Throws OptionError for an unknown name. */
export async function trainingStep(name: string): Promise<TrainingStep> {
  return steps[stepName(name)]();
}
