// `brain`: a U-Net finds the brain in axial slices of one head. Every second block of 24 mm is held out; beside the network stands
// what the labels of the neighbouring slices tell without a look at the image.

import { gunzipSync } from "fflate";
import type { Batch } from "../../data/dataset.ts";
import { BRAIN_SOURCE, type BrainSlices, loadBrain } from "../../data/sets/brain.ts";
import { randomContrast } from "../../data/transforms/augment_contrast.ts";
import { augmentMasks } from "../../data/transforms/augment_masks.ts";
import { Generator } from "../../tensor/philox.ts";
import { diceOf, pooled } from "../metrics/overlap.ts";
import { brainResult, counted } from "./parts/brain_report.ts";
import { type Images, type MaskConfig, trainMasks } from "./parts/masks.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { RecipeRun } from "./runner/run.ts";

/** `apart`: millimetres to the slices above and below whose image, never the label, the network sees beside the one it marks. */
const DEFAULTS = { steps: 300, batch: 4, lr: 3e-3, seed: 0, width: 6, depth: 4, apart: 3 };
const SMALL = { steps: 24, batch: 2, width: 4, depth: 2 };

const ELASTIC = { points: 5, std: 2 };
const CONTRAST = { gain: 0.3, offset: 0.3 };
const JUDGED_AT_ONCE = 8;

export const brain: Recipe = { title: "a U-Net finds the brain in slices of a head", run };

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run: RecipeRun<MaskConfig & typeof DEFAULTS> = await RecipeRun.open(
    "brain",
    options,
    DEFAULTS,
    SMALL,
  );
  const slices = await loadBrain(run.data(BRAIN_SOURCE), { inflate: gunzipSync });
  const { steps, apart } = run.config;
  const all = inputs(slices, apart);
  const { model, done, masks } = await trainMasks(run, {
    batch: (i) => trainingBatch(slices, all, run.config, i),
    images: heldOutOf(slices, all),
    judgeEvery: run.small ? steps : Math.ceil(steps / 4),
    judge: (masks) => ({ dice: diceOf(pooled(counted(slices, masks))) }),
  });
  if (done.aborted) return run.unfinished(model, done.step);
  return run.finish(model, done.step, brainResult(slices, masks));
}

/** Each slice between the two `apart` slices below and above it, standardised. */
function inputs({ images, count, height, width, mean, std }: BrainSlices, apart: number): Images {
  const plane = height * width;
  const scaled = images.map((v) => (v - mean) / std);
  const offsets = apart > 0 ? [-apart, 0, apart] : [0];
  const image = (z: number) => {
    const out = new Float32Array(offsets.length * plane);
    for (const [c, offset] of offsets.entries()) {
      const at = Math.min(count - 1, Math.max(0, z + offset)) * plane;
      out.set(scaled.subarray(at, at + plane), c * plane);
    }
    return out;
  };
  return { count, shape: [offsets.length, height, width], image, batch: JUDGED_AT_ONCE };
}

/** Slices of the training blocks, each as often as any other; mirrored, bent, of other contrast. */
function trainingBatch(
  { training, masks, height, width }: BrainSlices,
  { image, shape }: Images,
  { seed, batch }: MaskConfig,
  i: number,
): Batch<"x" | "y"> {
  const random = new Generator(seed).fork("brain");
  const plane = height * width;
  const x = new Float32Array(batch * shape[0] * plane);
  const y = new Float32Array(batch * plane);
  for (let k = 0; k < batch; k++) {
    const [round, at] = [Math.floor((i * batch + k) / training.length), (i * batch + k) % training.length];
    const z = training[random.fork(`order ${round}`).permutation(training.length)[at]!]!;
    x.set(image(z), (k * x.length) / batch);
    y.set(masks.subarray(z * plane, (z + 1) * plane), k * plane);
  }
  const drawn = random.fork(i);
  const moved = augmentMasks(
    { x: { data: x, shape: [batch, ...shape] }, y: { data: y, shape: [batch, 1, height, width] } },
    { flip: 0.5, rotation: 10, stretch: 0.12, elastic: ELASTIC },
    drawn,
  );
  return randomContrast<"x" | "y">({ ...CONTRAST, field: "x" })(moved, drawn.fork("contrast"));
}

function heldOutOf({ heldOut }: BrainSlices, images: Images): Images {
  return { ...images, count: heldOut.length, image: (i) => images.image(heldOut[i]!) };
}
