// A small LeNet on made-up digits, as a compiled step: class k is a bright square at the k-th of ten places, under noise.
import { crossEntropy } from "../../src/functional/loss.ts";
import { LeNet } from "../../src/models/lenet.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { compile } from "../../src/tensor/compile.ts";
import { Generator } from "../../src/tensor/philox.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const CLASSES = 10;
const SIDE = 28;
const SQUARE = 6;
const BATCH = 16;
const SEED = 3;

/** [b, 1, 28, 28] */
function picturesOf(labels: Int32Array, random: Generator): Float32Array<ArrayBuffer> {
  const pixels = random.normal(labels.length * SIDE * SIDE, 0, 0.3);
  labels.forEach((label, b) => {
    const [top, left] = [3 + 13 * Math.floor(label / 5), 1 + 5 * (label % 5)];
    for (let y = top; y < top + SQUARE; y++) {
      for (let x = left; x < left + SQUARE; x++) pixels[(b * SIDE + y) * SIDE + x] += 1;
    }
  });
  return pixels;
}

export async function trainDigits(steps: number): Promise<number[]> {
  const random = new Generator(SEED);
  const model = new LeNet({ channels: [4, 8], generator: random });
  const optimizer = new AdamW(model.parameters(), { lr: 1e-2 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return { loss };
  });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const labels = random.integers(BATCH, 0, CLASSES);
    const { loss } = step({ data: picturesOf(labels, random), shape: [BATCH, 1, SIDE, SIDE] }, labels);
    losses.push(await loss.item());
  }
  return losses;
}
