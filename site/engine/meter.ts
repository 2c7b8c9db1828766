// Loss and accuracy counted on the device by every step and read now and then, late: the GPU never waits for the page.

import type { Device } from "../../src/gpu/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Accuracy, type Counted, MeanMetric } from "../../src/train/metrics/counting.ts";

export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** What a snapshot keeps of a meter. */
export interface MeterState {
  readonly loss: Counted;
  readonly accuracy: Counted;
}

export class Meter {
  private readonly loss: MeanMetric;
  private readonly accuracy: Accuracy;

  constructor(device: Device) {
    this.loss = new MeanMetric(device);
    this.accuracy = new Accuracy(device);
  }

  /** Dispatches, so it runs inside compile. @param loss [] mean @param logits [b, classes] @param y [b] */
  update(loss: Tensor, logits: Tensor, y: Tensor): void {
    this.loss.update(loss, y.size);
    this.accuracy.update(logits, y);
  }

  /** Means of now, read late; the count goes on from 0. NaN where nothing was counted. */
  async take(): Promise<Score> {
    const reading = Promise.all([this.loss.compute(), this.accuracy.compute()]);
    this.reset();
    const [loss, accuracy] = await reading;
    return { loss, accuracy };
  }

  reset(): void {
    this.loss.reset();
    this.accuracy.reset();
  }

  /** Of now, read late. */
  async state(): Promise<MeterState> {
    const [loss, accuracy] = await Promise.all([this.loss.counted(), this.accuracy.counted()]);
    return { loss, accuracy };
  }

  restore({ loss, accuracy }: MeterState): void {
    this.loss.restore(loss);
    this.accuracy.restore(accuracy);
  }

  /** What is counted on the device, by name. */
  totals(): [string, Tensor][] {
    return [
      ["loss", this.loss.value],
      ["accuracy", this.accuracy.value],
    ];
  }

  release(): void {
    this.loss.release();
    this.accuracy.release();
  }
}
