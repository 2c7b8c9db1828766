// The model in evaluation mode: scores over a part of the data, probabilities of pictures, outputs of every layer. Everything is
// recorded in one go, so that the weights are those of one step, and nothing here moves the run.

import { type Device, withDevice } from "../../src/gpu/device.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import { softmax } from "../../src/kernels/softmax.ts";
import type { Sequential } from "../../src/layers/sequential.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { piecesOf } from "./batches.ts";
import { Meter, type Score } from "./meter.ts";
import { type Part, SIDE, standardise } from "./pictures.ts";
import { type HostTensor, readTensors } from "./reading.ts";

/** Pictures a call: few calls, and memory of a few megabytes. */
export const CHUNK = 250;

export class Judge {
  private readonly meter: Meter;
  private readonly scoring: Compiled<[Tensor, Tensor], void>;
  private readonly probing: Compiled<[Tensor], Tensor>;
  private readonly peeking: Compiled<[Tensor], { outputs: Tensor[]; probabilities: Tensor }>;

  constructor(
    readonly device: Device,
    readonly model: Sequential,
    private readonly table: Float32Array,
  ) {
    this.meter = withDevice(device, () => new Meter(device));
    this.scoring = compile((x: Tensor, y: Tensor) => scoreInto(this.meter, model, x, y));
    this.probing = compile((x: Tensor) => noGrad(() => softmax(model.forward(x), 1)));
    this.peeking = compile((x: Tensor) => outputsOf(model, x));
  }

  /** Mean loss and accuracy, read late. */
  score(part: Part): Promise<Score> {
    return this.evaluating(() => {
      this.meter.reset();
      for (const { x, y } of piecesOf(part, CHUNK, this.table)) this.scoring(x, y);
      return this.meter.take();
    });
  }

  /** Probabilities [count, classes]. */
  async probabilities(part: Part): Promise<Float32Array> {
    const reads = this.evaluating(() =>
      Array.from(piecesOf(part, CHUNK, this.table), ({ x }) => reading(() => [["p", this.probing(x)]])),
    );
    const parts = (await Promise.all(reads)).map((read) => read.get("p")!.data as Float32Array);
    const all = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      all.set(p, at);
      at += p.length;
    }
    return all;
  }

  /** Outputs of the layers for one picture [28, 28]; `probabilities` [1, classes] too. */
  async outputs(pixels: Uint8Array): Promise<{ outputs: HostTensor[]; probabilities: Float32Array }> {
    const x = { data: standardise(pixels, this.table), shape: [1, 1, SIDE, SIDE] };
    const read = await this.evaluating(() =>
      reading(() => {
        const { outputs, probabilities } = this.peeking(x);
        return [...outputs.map((t, i) => [String(i), t] as const), ["p", probabilities]];
      }),
    );
    const probabilities = read.get("p")!.data as Float32Array;
    read.delete("p");
    return { outputs: [...read.values()], probabilities };
  }

  release(): void {
    for (const { programs } of [this.scoring, this.probing, this.peeking])
      for (const p of programs) p.release();
    this.meter.release();
  }

  /** Evaluation mode for the calls in `fn` alone: steps of the run come between whatever awaits. */
  private evaluating<R>(fn: () => R): R {
    const before = this.model.training;
    this.model.eval();
    try {
      return withDevice(this.device, fn);
    } finally {
      this.model.train(before);
    }
  }
}

/** Counts the loss and the hits of a batch. */
export function scoreInto(meter: Meter, model: Sequential, x: Tensor, y: Tensor): void {
  noGrad(() => {
    const logits = model.forward(x); // [b, classes]
    meter.update(crossEntropy(logits, y), logits, y);
  });
}

/** What each layer makes of pictures [b, 1, 28, 28], and the probabilities [b, classes] at the end. */
export function outputsOf(model: Sequential, x: Tensor): { outputs: Tensor[]; probabilities: Tensor } {
  return noGrad(() => {
    const outputs: Tensor[] = [];
    let h = x;
    for (const layer of model) outputs.push((h = layer.forward(h)));
    return { outputs, probabilities: softmax(h, 1) };
  });
}

/** Reads results that nobody needs afterwards. */
function reading(results: () => Iterable<readonly [string, Tensor]>): Promise<Map<string, HostTensor>> {
  let read: ReturnType<typeof reading> | undefined;
  scope(() => {
    read = readTensors(results());
  }, "judge");
  return read!;
}
