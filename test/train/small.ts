// A small problem with everything that a resumed run must restore: 8x8 pictures of bars in three classes, a network
// with batch norm and dropout, augmentation, AdamW and a schedule.

import { ArrayDataset } from "../../src/data/dataset.ts";
import { DataLoader } from "../../src/data/loader.ts";
import { randomAffine } from "../../src/data/transforms/augment.ts";
import { standardize } from "../../src/data/transforms/standardize.ts";
import { ReLU } from "../../src/layers/activation.ts";
import { BatchNorm2d } from "../../src/layers/batch_norm.ts";
import { Conv2d } from "../../src/layers/conv2d.ts";
import { Dropout } from "../../src/layers/dropout.ts";
import { Flatten } from "../../src/layers/flatten.ts";
import { Linear } from "../../src/layers/linear.ts";
import { MaxPool2d } from "../../src/layers/pooling.ts";
import { Sequential } from "../../src/layers/sequential.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { WarmupCosineLR } from "../../src/optim/schedule.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { manualSeed } from "../../src/tensor/random.ts";

export const SIZE = 8;
export const CLASSES = 3;
export const SAMPLES = 44;
export const BATCH = 8; // the last of an epoch has 4

/** Horizontal, vertical and diagonal bars in noise: x u8 [n, 1, 8, 8], y i32 [n]. */
export function bars(n = SAMPLES, seed = 1): ArrayDataset<"x" | "y"> {
  const noise = new Generator(seed).uniform(n * SIZE * SIZE);
  const data = Uint8Array.from(noise, (u) => u * 60);
  const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  for (let i = 0; i < n; i++) {
    const at = 2 + (Math.floor(i / CLASSES) % 4);
    for (let k = 1; k < SIZE - 1; k++) {
      const [y, x] = [
        [at, k],
        [k, at],
        [k, k],
      ][labels[i]];
      data[(i * SIZE + y) * SIZE + x] = 255;
    }
  }
  return new ArrayDataset({
    x: { data, shape: [n, 1, SIZE, SIZE] },
    y: { data: labels, shape: [n] },
  });
}

const toFloat = standardize<"x" | "y">({ mean: 0.2, std: 0.3, field: "x" });

export function network({ hidden = 4, dropout = 0.25 } = {}): Sequential {
  return new Sequential(
    new Conv2d(1, hidden, { kernelSize: 3, padding: 1 }), // [b, hidden, 8, 8]
    new BatchNorm2d(hidden),
    new ReLU(),
    new MaxPool2d(2), // [b, hidden, 4, 4]
    new Flatten(), // [b, hidden * 16]
    new Dropout(dropout),
    new Linear(hidden * 16, CLASSES), // [b, 3]
  );
}

/** A run from its beginning. The same seed gives the same run. */
export function start({ seed = 3, steps = 24, samples = SAMPLES, augment = true, hidden = 4 } = {}) {
  manualSeed(seed);
  const transform = augment ? [randomAffine<"x" | "y">({ rotation: 10, shift: 1 }, "x"), toFloat] : [toFloat];
  const loader = new DataLoader<"x" | "y">(bars(samples), {
    batchSize: BATCH,
    shuffle: true,
    seed,
    transform,
  });
  const model = network({ hidden });
  const optimizer = new AdamW(model.parameters(), { lr: 0.02 });
  const schedule = new WarmupCosineLR(optimizer, { warmupSteps: 4, totalSteps: steps });
  return { model, optimizer, schedule, loader };
}

/** Held-out data, in order. */
export function held(samples = 30): DataLoader<"x" | "y"> {
  return new DataLoader<"x" | "y">(bars(samples, 2), { batchSize: 16, transform: toFloat });
}
