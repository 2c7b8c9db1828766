// One golden run of a model: builds it, fills it by formula.ts, and compares what comes out with the file.

import type { Device } from "../../src/gpu/device.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import type { Layer } from "../../src/layers/sequential.ts";
import * as models from "../../src/models/index.ts";
import { AdamW, SGD } from "../../src/optim/index.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { skipInit } from "../../src/tensor/parameter.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenTensor, goldenFile } from "../golden/load.ts";
import { fillWeights, labels, picture, sampled } from "./formula.ts";

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

export interface GoldenRun {
  readonly case: string;
  readonly model: string;
  readonly options: Options;
  readonly shape: readonly number[];
  /** Whether the loss is that of training: batch statistics. */
  readonly training: boolean;
  /** Name of the input. */
  readonly x: string;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

export function readRun(file: string): GoldenRun {
  const { tensors, metadata } = goldenFile(`../parity/cnn/${file}`);
  return { ...JSON.parse(metadata.case), tensors };
}

export interface Checked {
  readonly part: string;
  /** max |y - ref| / max |ref| */
  readonly error: number;
}

export async function checkRun(device: Device, run: GoldenRun): Promise<Checked[]> {
  const named = Object.entries(run.options).map(([k, v]) => [OPTION_NAMES[k] ?? k, v]);
  const model = skipInit(() => MODELS[run.model](Object.fromEntries(named)));
  fillWeights(model);
  const x = tensor(picture(run.x, run.shape).data, { shape: run.shape });
  const part = (name: string) => run.tensors.get(`${run.case}/${name}`);
  const found: Checked[] = [];

  model.eval();
  const logits = noGrad(() => scope(() => model.forward(x)));
  found.push({ part: "logits", error: errorOf(await logits.data(), part("logits")!.data as Float32Array) });

  const loss = part("loss");
  if (loss) {
    model.train(run.training);
    const y = labelled(run, logits.shape);
    const value = scope(() => {
      const l = crossEntropy(model.forward(x), y);
      if (part("grads")) backward(l);
      return l;
    });
    found.push({ part: "loss", error: errorOf(await value.data(), loss.data as Float64Array) });
    if (part("grads")) {
      const grads = model.namedParameters().map(([k, p]): [string, Tensor] => [k, p.grad!]);
      found.push(...(await digests("grads", grads, part)));
    }
    const floats = model.namedBuffers().filter(([, b]) => b.dtype === "f32");
    if (part("after")) found.push(...(await digests("after", floats, part)));
  }
  for (const optimizer of ["sgd", "adamw"] as const) {
    const losses = part(optimizer)?.data as Float64Array | undefined;
    if (!losses) continue;
    fillWeights(model);
    model.train();
    const seen = await curve(model, optimizer, { x, y: labelled(run, logits.shape) }, losses.length);
    found.push({ part: optimizer, error: errorOf(seen, losses) });
  }
  for (const p of model.stateDict().values()) p.release("a checked run");
  await device.settle();
  device.pool.trim();
  return found;
}

/** Labels for logits [n, classes, ...]. */
function labelled(run: GoldenRun, logits: readonly number[]): Tensor {
  const shape = logits.filter((_, axis) => axis !== 1); // [n, ...]
  const count = shape.reduce((n, s) => n * s, 1);
  return tensor(labels(`${run.case} y`, count, logits[1]), { shape });
}

/** Losses of `steps` captured steps on one batch. */
async function curve(
  model: Layer,
  name: "sgd" | "adamw",
  batch: { readonly x: Tensor; readonly y: Tensor },
  steps: number,
): Promise<number[]> {
  const params = model.parameters();
  const optimizer =
    name === "sgd" ? new SGD(params, { lr: 1e-3, momentum: 0.9 }) : new AdamW(params, { lr: 1e-4 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return loss;
  });
  const seen: number[] = [];
  for (let i = 0; i < steps; i++) seen.push(await step(batch.x, batch.y).item());
  return seen;
}

/** The stored elements of each tensor, against its largest magnitude. */
async function digests(
  what: string,
  named: (readonly [string, Tensor])[],
  part: (name: string) => GoldenTensor | undefined,
): Promise<Checked[]> {
  const stored = part(what)!;
  const largest = part(`${what}.max`)!.data as Float32Array;
  const [count, each] = stored.shape;
  if (count !== named.length) throw new Error(`${what}: ${count} stored, ${named.length} here`);
  const found: Checked[] = [];
  for (const [i, [name, t]] of named.entries()) {
    const values = await t.data();
    const ref = (stored.data as Float32Array).subarray(i * each, (i + 1) * each);
    const got = sampled(name, t.size, each).map((at) => values[at]);
    found.push({ part: `${what} ${name}`, error: errorOf(got, ref, largest[i]) });
  }
  return found;
}

function errorOf(got: ArrayLike<number>, ref: ArrayLike<number>, largest?: number): number {
  let off = got.length === ref.length ? 0 : Number.POSITIVE_INFINITY;
  let most = largest ?? 0;
  for (let i = 0; i < ref.length; i++) {
    off = Math.max(off, Math.abs(got[i] - ref[i]));
    most = Math.max(most, Math.abs(ref[i]));
  }
  return Number.isFinite(off) ? off / most : Number.POSITIVE_INFINITY;
}
