// Loss and accuracy counted on the device by every step and read now and then, late: the GPU never waits for the page.

import type { Device } from "../../src/gpu/device.ts";
import { hostEffect } from "../../src/gpu/trace.ts";
import { argmax } from "../../src/kernels/arg_reduce.ts";
import { mul } from "../../src/kernels/binary.ts";
import { cast } from "../../src/kernels/cast.ts";
import { eq } from "../../src/kernels/compare.ts";
import { sum } from "../../src/kernels/reduce.ts";
import { noGrad } from "../../src/tensor/mode.ts";
import { addInto, fill } from "../../src/tensor/primitives.ts";
import { emptyPersistent, type Tensor } from "../../src/tensor/tensor.ts";
import { readTensors } from "./reading.ts";

export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** What a snapshot keeps of a meter, beside its tensors. */
export interface MeterState {
  readonly samples: number;
}

export class Meter {
  private readonly loss: Tensor; // [] sum over the samples
  private readonly hits: Tensor; // []
  private samples = 0;

  constructor(device: Device) {
    this.loss = emptyPersistent([], "f32", device, "meter");
    this.hits = emptyPersistent([], "f32", device, "meter");
    this.reset();
  }

  /** Dispatches, so it runs inside compile. @param loss [] mean @param logits [b, classes] @param y [b] */
  update(loss: Tensor, logits: Tensor, y: Tensor): void {
    const count = y.size;
    noGrad(() => {
      addInto(this.loss, mul(loss, count));
      addInto(this.hits, sum(cast(eq(argmax(logits, 1), y), "f32")));
    });
    hostEffect(() => {
      this.samples += count;
      return () => {
        this.samples -= count;
      };
    });
  }

  /** Means of now, read late; the count goes on from 0. */
  take(): Promise<Score> {
    const score = this.peek();
    this.reset();
    return score;
  }

  /** Means of now, read late. NaN where nothing was counted. */
  peek(): Promise<Score> {
    const { samples } = this;
    return readTensors(this.tensors()).then((read) => ({
      loss: read.get("meter.loss")!.data[0]! / samples,
      accuracy: read.get("meter.hits")!.data[0]! / samples,
    }));
  }

  reset(): void {
    fill(this.loss, 0);
    fill(this.hits, 0);
    this.samples = 0;
  }

  tensors(): [string, Tensor][] {
    return [
      ["meter.loss", this.loss],
      ["meter.hits", this.hits],
    ];
  }

  state(): MeterState {
    return { samples: this.samples };
  }

  setState({ samples }: MeterState, loss: number, hits: number): void {
    fill(this.loss, loss);
    fill(this.hits, hits);
    this.samples = samples;
  }

  release(): void {
    for (const [, t] of this.tensors()) t.release("the end of the run");
  }
}
