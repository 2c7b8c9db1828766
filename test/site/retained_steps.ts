// Retained steps of small models, all layer kinds and optimizers among them, for the tests of the Inspector.

import { collectStep } from "../../site/engine/inspect/collect.ts";
import type { RetainedStep } from "../../site/engine/inspect/retained_step.ts";
import { type LayerSpec, PRESETS, parseLayers } from "../../site/engine/layers.ts";
import { buildModel, buildOptimizer } from "../../site/engine/model.ts";
import type { OptimizerName } from "../../site/engine/protocol.ts";
import type { Device } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { compile, type HostArray } from "../../src/tensor/compile.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export interface SmallRun {
  readonly layers: string;
  readonly optimizer: OptimizerName;
  readonly batch: number;
  /** Ordinary steps in front of the retained one. */
  readonly before: number;
}

export const RUNS: readonly SmallRun[] = [
  { layers: PRESETS["lenet with batch norm"], optimizer: "adamw", batch: 8, before: 3 },
  {
    layers:
      "conv 4 k3 s2 p1, gelu, avgpool 2, conv 3 k3, tanh, maxpool 2, batchnorm, sigmoid, flatten, linear 12, relu, " +
      "dropout 0.5, dropout 0, linear 10",
    optimizer: "sgd",
    batch: 5,
    before: 2,
  },
  {
    layers: "conv 6 k1, relu, conv 8 k3 p1, maxpool 4, flatten, linear 10",
    optimizer: "adam",
    batch: 6,
    before: 0,
  },
  { layers: "flatten, linear 10, relu, linear 10", optimizer: "rmsprop", batch: 10, before: 1 },
  { layers: "maxpool 2, flatten, linear 16, sigmoid, linear 10", optimizer: "sgd", batch: 32, before: 0 },
];

const SIZE = 28;

let opening: Promise<Device> | null = null;

/** One for all: requestDevice opens another at every call. */
export const theDevice = (): Promise<Device> => (opening ??= requestDevice());

/** Discs of random places and sizes on black, with some noise: labels are drawn too. */
export function pictures(batch: number, seed: number): { x: Float32Array; y: Int32Array; grey: Uint8Array } {
  const draw = uniforms(seed);
  const x = new Float32Array(batch * SIZE * SIZE);
  const y = Int32Array.from({ length: batch }, () => Math.floor(draw() * 10));
  for (let n = 0; n < batch; n++) {
    const [cy, cx, radius] = [6 + 16 * draw(), 6 + 16 * draw(), 2 + 6 * draw()];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const inside = Math.hypot(Math.floor(i / SIZE) - cy, (i % SIZE) - cx) < radius;
      x[n * SIZE * SIZE + i] = inside ? 2 + draw() : -0.42;
    }
  }
  return { x, y, grey: Uint8Array.from(x, (v) => (v + 0.42) * 60) };
}

/** A small generator of the test's own: 24 bits a number. */
export function uniforms(seed: number): () => number {
  const generator = new Generator(seed);
  let block: Float32Array = new Float32Array(0);
  let next = 0;
  return () => {
    if (next === block.length) [block, next] = [generator.uniform(256), 0];
    return block[next++];
  };
}

export async function retainedStep(run: SmallRun, seed = 1): Promise<RetainedStep> {
  const device = await theDevice();
  const layers: LayerSpec[] = parseLayers(run.layers);
  const model = buildModel(layers, [1, SIZE, SIZE], 10, seed);
  const optimizer = buildOptimizer(run.optimizer, model.parameters(), 0.01);
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    return loss;
  });
  const shape = [run.batch, 1, SIZE, SIZE];
  const given = (at: number): [HostArray, HostArray, ReturnType<typeof pictures>] => {
    const made = pictures(run.batch, seed + at);
    return [{ data: made.x, shape }, { data: made.y, shape: [run.batch] }, made];
  };
  for (let at = 0; at < run.before; at++) {
    const [x, y] = given(at);
    (await scope(() => step(x, y))).release("test");
  }
  const variant = step.variant({ retain: /./ });
  const [x, y, made] = given(run.before);
  return collectStep({
    ...{ device, layers, model, optimizer, optimizerName: run.optimizer, variant },
    ...{ step: run.before + 1, x: { shape, values: made.x }, y: made.y, pictures: made.grey, roofs: null },
    run: () => variant(x, y),
  });
}
