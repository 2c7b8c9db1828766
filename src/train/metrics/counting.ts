// Metrics that count on the device: `update` is dispatches (so it runs inside compile), `compute` reads once.

import type { Device } from "../../gpu/device.ts";
import { hostEffect } from "../../gpu/trace.ts";
import { argmax } from "../../kernels/arg_reduce.ts";
import { mul } from "../../kernels/binary.ts";
import { cast } from "../../kernels/cast.ts";
import { eq } from "../../kernels/compare.ts";
import { batchedMatmul } from "../../kernels/matmul.ts";
import { oneHot } from "../../kernels/one_hot.ts";
import { sum } from "../../kernels/reduce.ts";
import { reshape } from "../../kernels/reshape.ts";
import { noGrad } from "../../tensor/mode.ts";
import { addInto, fill } from "../../tensor/primitives.ts";
import type { Shape } from "../../tensor/shape.ts";
import { emptyPersistent, type Tensor } from "../../tensor/tensor.ts";

/** A running total on the device and the number of samples it covers. */
class Total {
  readonly value: Tensor;
  samples = 0;

  constructor(shape: Shape, device: Device) {
    this.value = emptyPersistent(shape, "f32", device, "metric");
    this.reset();
  }

  add(part: Tensor, samples: number): void {
    addInto(this.value, part);
    hostEffect(() => {
      this.samples += samples;
      return () => {
        this.samples -= samples;
      };
    });
  }

  reset(): void {
    fill(this.value, 0);
    hostEffect(() => {
      const before = this.samples;
      this.samples = 0;
      return () => {
        this.samples = before;
      };
    });
  }
}

/** What a mean has counted so far: to be kept, and put back. */
export interface Counted {
  readonly total: number;
  readonly samples: number;
}

/** total / samples of something that is counted on the device. */
class Mean {
  protected readonly total: Total;

  constructor(device: Device) {
    this.total = new Total([], device);
  }

  /** NaN if nothing was counted. */
  async compute(): Promise<number> {
    const { total, samples } = await this.counted();
    return total / samples;
  }

  /** As of this call; may be awaited later. */
  async counted(): Promise<Counted> {
    const { value, samples } = this.total;
    return { total: await value.item(), samples };
  }

  /** The running total on the device, []. */
  get value(): Tensor {
    return this.total.value;
  }

  /** Goes on from what was counted before. */
  restore({ total, samples }: Counted): void {
    fill(this.total.value, total);
    this.total.samples = samples;
  }

  reset(): void {
    this.total.reset();
  }

  /** Frees its place on the device; it must not be used any more. */
  release(): void {
    this.total.value.release("metric");
  }
}

/** Mean of a per-batch mean, weighted by the batch sizes. */
export class MeanMetric extends Mean {
  /** @param mean [] the mean over `samples` samples */
  update(mean: Tensor, samples: number): void {
    noGrad(() => this.total.add(mul(mean, samples), samples));
  }
}

/** Share of samples whose largest logit is the target class. */
export class Accuracy extends Mean {
  /** @param logits [b, classes] @param target [b] i32 */
  update(logits: Tensor, target: Tensor): void {
    noGrad(() => {
      const hits = eq(argmax(logits, 1), target); // [b] bool
      this.total.add(sum(cast(hits, "f32")), target.size);
    });
  }
}

/** Confusion matrix: rows are true classes, columns predictions. */
export class ConfusionMatrix {
  private readonly total: Total;

  constructor(
    readonly classes: number,
    device: Device,
  ) {
    this.total = new Total([classes, classes], device);
  }

  /** @param logits [b, classes] @param target [b] i32 */
  update(logits: Tensor, target: Tensor): void {
    noGrad(() => {
      const truth = cast(oneHot(target, this.classes), "f32"); // [b, classes]
      const guess = cast(oneHot(argmax(logits, 1), this.classes), "f32"); // [b, classes]
      const counts = batchedMatmul(truth, guess, { transA: true }); // [classes, classes]
      this.total.add(reshape(counts, [this.classes, this.classes]), target.size);
    });
  }

  /** [classes][classes] counts. */
  async compute(): Promise<number[][]> {
    const flat = Array.from(await this.total.value.data());
    return Array.from({ length: this.classes }, (_, i) =>
      flat.slice(i * this.classes, (i + 1) * this.classes),
    );
  }

  reset(): void {
    this.total.reset();
  }
}
