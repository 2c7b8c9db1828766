// Trains one architecture for a few captured steps on one batch: its loss falls, every parameter moves, memory stays where it is.

import { expect } from "vitest";
import { mse } from "../../src/functional/loss.ts";
import type { Device } from "../../src/gpu/device.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { reshape } from "../../src/kernels/reshape.ts";
import type { Module } from "../../src/layers/module.ts";
import { Adam } from "../../src/optim/adam.ts";
import { compile } from "../../src/tensor/compile.ts";
import { tensor } from "../../src/tensor/create.ts";
import { Generator } from "../../src/tensor/philox.ts";
import { manualSeed } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** A model of any size, what its loss takes, and the loss. */
export interface Task<M extends Module = Module> {
  readonly make: () => M;
  readonly batch: (draw: Draw) => Tensor[];
  readonly loss: (model: M, ...batch: Tensor[]) => Tensor;
  /** Default 3e-4. */
  readonly lr?: number;
  /** Parameters that rightly get no gradient. */
  readonly still?: RegExp;
}

/** For a table of tasks of all kinds. */
export const task = <M extends Module>(t: Task<M>): Task => t as unknown as Task;

/** Reproducible inputs. */
export class Draw {
  private readonly generator = new Generator(17);

  real(...shape: number[]): Tensor {
    return tensor(this.generator.normal(shape.reduce((n, s) => n * s, 1)), { shape });
  }

  /** f32 0 and 1 in turn. */
  turns(count: number): Tensor {
    return tensor(Float32Array.from({ length: count }, (_, i) => i % 2));
  }

  /** i32 below `end`, in turn, so that every one occurs. */
  ids(end: number, ...shape: number[]): Tensor {
    const count = shape.reduce((n, s) => n * s, 1);
    return tensor(
      Int32Array.from({ length: count }, (_, i) => (i + Math.floor(i / end)) % end),
      { shape },
    );
  }
}

type Called = Module & { forward(...x: Tensor[]): Tensor };

/** x [b, ...] -> logits [b, classes] */
export const classes = (make: () => Module, count: number, ...shape: number[]): Task =>
  task({
    make: make as () => Called,
    batch: (draw) => [draw.real(...shape), draw.ids(count, shape[0]!)],
    loss: (model, x, y) => crossEntropy(model.forward(x), y),
  });

/** ids [2, 6] -> logits [2, 6, vocab] */
export const tokens = (make: () => Module, vocab: number): Task =>
  task({
    make: make as () => Called,
    batch: (draw) => [draw.ids(vocab, 2, 6), draw.ids(vocab, 12)],
    loss: (model, x, y) => crossEntropy(reshape(model.forward(x), [12, vocab]), y),
  });

/** Inputs of these shapes -> numbers of the last shape. */
export const numbers = (make: () => Module, ...shapes: number[][]): Task =>
  task({
    make: make as () => Called,
    batch: (draw) => shapes.map((shape) => draw.real(...shape)),
    loss: (model, ...x) => mse(first(model.forward(...x.slice(0, -1))), x.at(-1)!),
  });

/** Recurrent layers give their states besides. */
const first = (y: Tensor | Tensor[]): Tensor => (Array.isArray(y) ? y[0]! : y);

const STEPS = 5;
/** Steps until the programs that repeat are there: the first finds no gradients. */
const SETTLED = 2;

export async function checkTrains(
  { make, batch, loss, lr = 3e-4, still }: Task,
  device: Device,
): Promise<void> {
  manualSeed(3);
  const model = make();
  const inputs = batch(new Draw());
  const named = model.namedParameters();
  const values = () => Promise.all(named.map(async ([, p]) => (await p.data()) as Float32Array));
  const before = await values();
  const optimizer = new Adam(model.parameters(), { lr });
  const train = (...x: Tensor[]): Tensor => {
    const l = loss(model, ...x);
    optimizer.minimize(l);
    return l;
  };
  // Unfused, models share most of their kernels, and little is compiled; fusing changes no bit: test/engine.
  const step = compile(train, { fuse: false });
  const losses: number[] = [];
  let settled = 0;
  for (let i = 0; i < STEPS; i++) {
    const l = step(...inputs);
    losses.push(await l.item());
    l.release("a read loss");
    if (i === SETTLED) settled = device.memory().liveBytes;
  }
  expect(losses.every(Number.isFinite), `losses ${losses}`).toBe(true);
  expect(losses.at(-1), `losses ${losses}`).toBeLessThan(losses[0]!);
  expect(device.memory().liveBytes).toBeLessThanOrEqual(settled);
  const after = await values();
  const unmoved = named
    .filter((_, i) => after[i]!.every((v, k) => v === before[i]![k]))
    .map(([name]) => name);
  expect(unmoved.filter((name) => !still?.test(name))).toEqual([]);
  for (const t of model.stateDict().values()) t.release("a trained model");
}
