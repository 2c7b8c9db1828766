// What the recipes share that mark pixels: a U-Net with one logit a pixel, its training step and its probabilities on whole images.

import type { Batch } from "../../../data/dataset.ts";
import { bceWithLogits } from "../../../functional/loss.ts";
import { dice } from "../../../functional/overlap_loss.ts";
import { sigmoid } from "../../../kernels/activation.ts";
import { add } from "../../../kernels/binary.ts";
import { Unet } from "../../../models/unet.ts";
import { AdamW } from "../../../optim/adam.ts";
import { clipGradNorm } from "../../../optim/clip.ts";
import { WarmupCosineLR } from "../../../optim/schedule.ts";
import { backward } from "../../../tensor/autograd.ts";
import { compile, type HostArray } from "../../../tensor/compile.ts";
import { noGrad } from "../../../tensor/mode.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { LossMean } from "../../finite.ts";
import type { RecipeRun } from "../runner/run.ts";
import type { TrainDone } from "../runner/training.ts";

export interface MaskConfig {
  [name: string]: number;
  steps: number;
  batch: number;
  lr: number;
  seed: number;
  /** Of the U-Net. */
  width: number;
  depth: number;
}

/** Share of the steps during which the rate rises. */
const WARMUP = 1 / 15;
const CLIP_NORM = 1;
const WEIGHT_DECAY = 1e-4;
/** Added above and below Dice's fraction line, in pixels: an image without a mask is then no all or nothing. */
const SMOOTH = 1;

export interface MaskTraining {
  /** x f32 [b, c, h, w] and y 0 or 1 [b, 1, h, w] of step i, which depend on i alone. */
  readonly batch: (i: number) => Batch<"x" | "y">;
  /** What is judged: every so many steps, and at the end. */
  readonly images: Images;
  readonly judgeEvery: number;
  readonly judge: (masks: Uint8Array) => Record<string, number>;
}

/**
 * Trains a fresh U-Net: cross entropy plus soft Dice, AdamW with warm-up and cosine, clipped gradients. `masks`: of the images in
 * the end, none after an abort.
 */
export async function trainMasks(
  run: RecipeRun<MaskConfig>,
  { batch, images, judgeEvery, judge }: MaskTraining,
): Promise<{ model: Unet; done: TrainDone; masks: Uint8Array }> {
  const { steps, lr, width, depth, batch: samples } = run.config;
  const model = new Unet({ inChannels: images.shape[0], numClasses: 1, width, depth });
  const optimizer = new AdamW(model.parameters(), { lr, weightDecay: WEIGHT_DECAY });
  const warmupSteps = Math.ceil(WARMUP * steps);
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps, totalSteps: steps, minFactor: 0.01 });
  const loss = new LossMean(run.device);
  const step = compile((x: Tensor, y: Tensor) => {
    const logits = model.forward(x); // [b, 1, h, w]
    const value = add(bceWithLogits(logits, y), dice(sigmoid(logits), y, { smooth: SMOOTH })); // []
    optimizer.zeroGrad();
    backward(value);
    clipGradNorm(model.parameters(), CLIP_NORM);
    optimizer.step();
    loss.update(value, samples);
  });
  const predict = async () => marked(await predictMasks(model, images));
  let last: { step: number; masks: Uint8Array } | undefined;
  const done = await run.train({
    parts: { model, optimizer, schedule },
    steps,
    samples,
    means: { loss },
    reportEvery: Math.min(25, Math.ceil(steps / 4)),
    step: (i) => {
      const { x, y } = batch(i);
      step(x as HostArray, y as HostArray);
      schedule.step();
    },
    watch: {
      every: judgeEvery,
      run: async (step) => {
        last = { step, masks: await predict() };
        return judge(last.masks);
      },
    },
  });
  if (done.aborted) return { model, done, masks: new Uint8Array(0) };
  return { model, done, masks: last?.step === done.step ? last.masks : await predict() };
}

/** Images on the host. */
export interface Images {
  readonly count: number;
  /** f32 [c, h, w] of image i. */
  readonly image: (i: number) => Float32Array;
  readonly shape: readonly [c: number, h: number, w: number];
  /** How many are judged at once. */
  readonly batch: number;
}

/** The model's probabilities of all images -> [count, h, w]. */
export async function predictMasks(model: Unet, images: Images): Promise<Float32Array> {
  const { count, image, shape, batch } = images;
  const [c, h, w] = shape;
  const out = new Float32Array(count * h * w);
  const step = compile((x: Tensor) => noGrad(() => sigmoid(model.forward(x)))); // [batch, 1, h, w]
  for (let from = 0; from < count; from += batch) {
    const x = new Float32Array(batch * c * h * w);
    const here = Math.min(batch, count - from);
    for (let k = 0; k < here; k++) x.set(image(from + k), k * c * h * w);
    const y = step({ data: x, shape: [batch, c, h, w] });
    out.set(((await y.data()) as Float32Array).subarray(0, here * h * w), from * h * w);
    y.release("predictMasks");
  }
  return out;
}

/** 1 where the probability is above 1/2. */
export function marked(probabilities: Float32Array): Uint8Array {
  return Uint8Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0));
}
