// Pictures for the site's tests that a small network learns in a few steps: a bright block whose place is the class, on noise.

import { parseLayers } from "../../site/engine/layers.ts";
import type { OwnPictures, RunConfig } from "../../site/engine/protocol.ts";
import { Generator } from "../../src/tensor/philox.ts";

const SIDE = 28;

export function blocks(classes: number, each: number): OwnPictures {
  const n = classes * each;
  const noise = new Generator(5).u32(n * SIDE * SIDE);
  const labels = Uint8Array.from({ length: n }, (_, i) => i % classes);
  const images = Uint8Array.from(noise, (v, at) => {
    const [i, y, x] = [Math.floor(at / SIDE ** 2), Math.floor(at / SIDE) % SIDE, at % SIDE];
    const inside = Math.floor(y / 7) === labels[i]! % 4 && Math.floor(x / 7) === Math.floor(labels[i]! / 4);
    return (inside ? 150 : 0) + (v % 100);
  });
  return { classes: Array.from({ length: classes }, (_, i) => `block ${i}`), labels, images };
}

export const LAYERS = "conv 4 k3 s2 p1, batchnorm, relu, maxpool 2, flatten, dropout 0.2, linear 3";

export const CONFIG: RunConfig = {
  data: "own",
  layers: parseLayers(LAYERS),
  optimizer: "adamw",
  lr: 0.01,
  schedule: "cosine",
  batch: 16,
  epochs: 6,
  seed: 1,
  patience: 0,
};
