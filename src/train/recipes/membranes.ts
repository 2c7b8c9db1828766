// `membranes`: a U-Net finds the membranes of nerve cells under the electron microscope, from random crops of 20 slices, and is
// judged on whole held-out ones. Beside it stands the best that one threshold on the grey value does.

import type { Batch } from "../../data/dataset.ts";
import {
  loadMembranes,
  MEMBRANE_SLICES,
  MEMBRANES_SOURCE,
  type MembraneSlices,
} from "../../data/sets/membranes.ts";
import { randomContrast } from "../../data/transforms/augment_contrast.ts";
import { augmentMasks } from "../../data/transforms/augment_masks.ts";
import { Generator } from "../../tensor/philox.ts";
import { below, bestThreshold } from "../baselines/threshold.ts";
import { diceOf, iouOf, type Overlap, overlaps, pooled } from "../metrics/overlap.ts";
import { overlaySection } from "../report/overlays.ts";
import { number } from "../report/text.ts";
import { type Images, type MaskConfig, trainMasks } from "./parts/masks.ts";
import type { Recipe, RecipeOptions, RecipeResult } from "./runner/recipe.ts";
import { type Finish, RecipeRun } from "./runner/run.ts";

const DEFAULTS = { steps: 840, batch: 4, lr: 3e-3, seed: 0, width: 8, depth: 3, crop: 64 };
const SMALL = { steps: 50, batch: 2, width: 4, depth: 2 };

/** Half of the crops stay as they are: bending blurs, and what is judged is sharp. */
const ELASTIC = { points: 4, std: 1.5, share: 0.5 };
const CONTRAST = { gain: 0.15, offset: 0.15 };

export const membranes: Recipe = { title: "a U-Net finds cell membranes in electron micrographs", run };

/** Slices from .. to - 1. */
interface Part {
  readonly from: number;
  readonly to: number;
}

async function run(options: RecipeOptions): Promise<RecipeResult> {
  const run: RecipeRun<MaskConfig & typeof DEFAULTS> = await RecipeRun.open(
    "membranes",
    options,
    DEFAULTS,
    SMALL,
  );
  const slices = await loadMembranes(run.data(MEMBRANES_SOURCE));
  const held = { from: MEMBRANE_SLICES.training, to: slices.count };
  const { model, done, masks } = await trainMasks(run, {
    batch: (i) => trainingBatch(slices, run.config, i),
    images: imagesOf(slices, held),
    judgeEvery: run.small ? run.config.steps : Math.ceil(run.config.steps / 4),
    judge: (masks) => ({ dice: diceOf(pooled(counted(slices, held, masks))) }),
  });
  if (done.aborted) return run.unfinished(model, done.step);
  return run.finish(model, done.step, result(slices, held, masks));
}

function planes<T extends Float32Array | Uint8Array>(data: T, slices: MembraneSlices, { from, to }: Part): T {
  const plane = slices.height * slices.width;
  return data.subarray(from * plane, to * plane) as T;
}

function imagesOf(slices: MembraneSlices, { from, to }: Part): Images {
  const image = (i: number) => planes(slices.images, slices, { from: from + i, to: from + i + 1 });
  return { count: to - from, shape: [1, slices.height, slices.width], image, batch: 1 };
}

function counted(slices: MembraneSlices, held: Part, masks: Uint8Array): Overlap[] {
  return overlaps(masks, planes(slices.masks, slices, held), slices.height * slices.width);
}

/** Random crops of random training slices: mirrored, turned by quarters, every second one bent, of other contrast. */
function trainingBatch(
  slices: MembraneSlices,
  { seed, batch, crop }: MaskConfig & typeof DEFAULTS,
  i: number,
): Batch<"x" | "y"> {
  const random = new Generator(seed).fork("membranes").fork(i);
  const { height, width } = slices;
  const plane = height * width;
  const x = new Float32Array(batch * plane);
  const y = new Float32Array(batch * plane);
  for (const [k, z] of random.integers(batch, 0, MEMBRANE_SLICES.training).entries()) {
    x.set(planes(slices.images, slices, { from: z, to: z + 1 }), k * plane);
    y.set(planes(slices.masks, slices, { from: z, to: z + 1 }), k * plane);
  }
  const shape = [batch, 1, height, width];
  const options = { size: [crop, crop], flip: 0.5, turns: true, elastic: ELASTIC } as const;
  const moved = augmentMasks({ x: { data: x, shape }, y: { data: y, shape } }, options, random);
  return randomContrast<"x" | "y">({ ...CONTRAST, field: "x" })(moved, random.fork("contrast"));
}

function result(slices: MembraneSlices, held: Part, masks: Uint8Array): Finish {
  const training = { from: 0, to: MEMBRANE_SLICES.training };
  const threshold = bestThreshold(
    planes(slices.images, slices, training),
    planes(slices.masks, slices, training),
  );
  const dark = below(planes(slices.images, slices, held), threshold);
  const [ours, theirs] = [counted(slices, held, masks), counted(slices, held, dark)];
  const [dice, baselineDice] = [diceOf(pooled(ours)), diceOf(pooled(theirs))];
  const rows = [
    { name: "this run", parts: ours },
    { name: "best threshold on the grey value", parts: theirs },
  ];
  const figures = (parts: readonly Overlap[]) => ({
    Dice: number(diceOf(pooled(parts)), 4),
    IoU: number(iouOf(pooled(parts)), 4),
    ...Object.fromEntries(parts.map((part, i) => [`Dice, slice ${held.from + i}`, number(diceOf(part), 4)])),
  });
  const order = ours.map((part, i) => ({ part, i })).sort((a, b) => diceOf(a.part) - diceOf(b.part));
  return {
    metrics: { dice, iou: iouOf(pooled(ours)), baselineDice },
    baseline: { dice: baselineDice, iou: iouOf(pooled(theirs)) },
    report: {
      title: "Cell membranes",
      summary: `Dice ${number(dice, 4)} of the membranes on slices ${held.from} to ${held.to - 1}; the best threshold on the grey value, chosen on the training slices, reaches ${number(baselineDice, 4)}.`,
      tiles: [
        { label: "Dice on held-out slices", value: number(dice, 3), main: true },
        { label: "best threshold", value: number(baselineDice, 3) },
        { label: "IoU", value: number(iouOf(pooled(ours)), 3) },
      ],
      comparison: rows.map(({ name, parts }) => ({ name, values: figures(parts) })),
      sections: [
        overlaySection({
          id: "held-out",
          title: "Held-out slices, the worst first",
          text: "Outlines of the membranes as drawn by hand and as marked by the network, at half the resolution of the microscope.",
          size: 512,
          overlays: order.map(({ part, i }) => ({
            name: `slice ${held.from + i}`,
            width: slices.width,
            height: slices.height,
            image: planes(slices.images, slices, { from: held.from + i, to: held.from + i + 1 }),
            truth: planes(slices.masks, slices, { from: held.from + i, to: held.from + i + 1 }),
            prediction: masks.subarray(
              i * slices.height * slices.width,
              (i + 1) * slices.height * slices.width,
            ),
            overlap: part,
          })),
        }),
      ],
    },
  };
}
