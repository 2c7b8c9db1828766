// The training loop: one compiled step a batch; losses are counted on the device and read late, so that the GPU never
// waits for the host. What to do with the numbers (progress bar, log, checkpoint) is the callbacks' affair.

import type { DataLoader } from "../data/loader.ts";
import { currentDevice } from "../gpu/device.ts";
import { UsageError } from "../gpu/errors.ts";
import type { Module } from "../layers/module.ts";
import { clipGradNorm } from "../optim/clip.ts";
import type { GradScaler } from "../optim/grad_scaler.ts";
import type { AnyOptimizer, GatedOptimizer } from "../optim/optimizer.ts";
import type { Schedule } from "../optim/schedule.ts";
import { type AutocastOptions, autocast } from "../tensor/autocast.ts";
import { backward } from "../tensor/autograd.ts";
import { compile, type HostArray } from "../tensor/compile.ts";
import { tensor } from "../tensor/create.ts";
import { noGrad } from "../tensor/mode.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFinite, LossMean, stopNotFinite } from "./finite.ts";
import { Accuracy, MeanMetric } from "./metrics/counting.ts";

/** A classifier's forward: logits [b, classes]. */
export type Classifier = Module & { forward(x: Tensor): Tensor };

/** Means over the steps since the last report. */
export interface StepReport {
  /** Steps done in all, this run and those it resumed. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly lr: number;
  readonly samplesPerSecond: number;
}

export interface EpochReport {
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** Means over the steps of this call of `fit`: after a resume mid-epoch, over the rest of the epoch; NaN if there was none. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** NaN without validation data. */
  readonly loss: number;
  readonly accuracy: number;
}

/** Hooks of a run; promises are awaited. */
export interface Callback {
  onStep?(report: StepReport): unknown;
  /** Returns `"stop"` to end the run here. */
  onEpoch?(report: EpochReport): unknown;
  /** After the last epoch or an early stop; not after an abort. */
  onEnd?(): unknown;
}

export interface FitOptions {
  readonly model: Classifier;
  readonly optimizer: AnyOptimizer;
  /** (logits [b, classes], target) -> []. */
  readonly loss: (logits: Tensor, target: Tensor) => Tensor;
  readonly train: DataLoader<"x" | "y">;
  readonly validation?: DataLoader<"x" | "y">;
  /** Epochs in all, those of an earlier part of the run included. */
  readonly epochs: number;
  readonly schedule?: Schedule;
  /** Largest norm of all gradients together. Default: no clipping. */
  readonly clipNorm?: number;
  /** Forward and loss of training in mixed precision: `autocast`'s `enabled`. Default false. */
  readonly autocast?: AutocastOptions["enabled"];
  /** Scales the loss, so that f16 gradients do not vanish; the optimizer must not be LBFGS. Default: none. */
  readonly scaler?: GradScaler;
  readonly callbacks?: readonly Callback[];
  /** Steps between two `onStep`. Default 25. */
  readonly reportEvery?: number;
  /** Replay a captured step. Default true; false runs op by op. */
  readonly compile?: boolean;
  /** Stop with NotFiniteError when the loss or the data are NaN or infinite. Default true; with a scaler, of the data only. */
  readonly checkFinite?: boolean;
  /** Steps done before. */
  readonly step?: number;
  /** Stops after the running step. */
  readonly signal?: AbortSignal;
}

export interface FitResult {
  readonly step: number;
  readonly epochs: readonly EpochReport[];
  /** True if the signal stopped it: the loader stands at the next batch. */
  readonly aborted: boolean;
}

/**
 * Trains until `epochs` are done, a callback stops it, or the signal aborts it.
 *
 * @throws NotFiniteError with the step and what is not finite, at the next report
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { model, train, callbacks = [], reportEvery = 25, signal, checkFinite: checked = true } = options;
  const device = currentDevice();
  const stepper = new Stepper(options);
  const evaluator = options.validation && new Evaluator(model, options.loss);
  const epochs: EpochReport[] = [];
  let step = options.step ?? 0;
  while (train.epoch < options.epochs) {
    const epoch = train.epoch;
    model.train();
    for await (const batch of train) {
      if (checked) checkFinite("x", batch.x.data, batch.x.data.length / batch.x.shape[0], step + 1);
      if (device.tuning.measures) await stepper.prepare(asHost(batch.x), asHost(batch.y));
      scope(() => stepper.step(asHost(batch.x), asHost(batch.y)), "step");
      step++;
      await device.pace();
      if (step % reportEvery === 0) {
        const report = { step, epoch, ...(await stepper.sinceLastReport()) };
        for (const c of callbacks) await c.onStep?.(report);
      }
      if (signal?.aborted) return { step, epochs, aborted: true };
    }
    const own = await stepper.sinceEpochStart();
    const unknown = { loss: Number.NaN, accuracy: Number.NaN };
    const held = evaluator && options.validation ? await evaluator.run(options.validation) : unknown;
    const report = { step, epoch: epoch + 1, ...own, ...held };
    epochs.push(report);
    let stop = false;
    for (const c of callbacks) if ((await c.onEpoch?.(report)) === "stop") stop = true;
    if (stop) break;
  }
  for (const c of callbacks) await c.onEnd?.();
  return { step, epochs, aborted: false };
}

/** Loss and accuracy of a model in evaluation mode; the mode it was in is restored. */
export function evaluate(
  model: Classifier,
  data: DataLoader<"x" | "y">,
  loss: FitOptions["loss"],
): Promise<Scores> {
  return new Evaluator(model, loss).run(data);
}

export interface Scores {
  readonly loss: number;
  readonly accuracy: number;
}

/** A captured evaluation step, to be used again. */
class Evaluator {
  private readonly mean = new MeanMetric(currentDevice());
  private readonly accuracy = new Accuracy(currentDevice());
  private readonly step: (x: HostArray, y: HostArray) => void;

  constructor(
    private readonly model: Classifier,
    loss: FitOptions["loss"],
  ) {
    this.step = compile((x: Tensor, y: Tensor) =>
      noGrad(() => {
        const logits = model.forward(x); // [b, classes]
        this.mean.update(loss(logits, y), x.shape[0]);
        this.accuracy.update(logits, y);
      }),
    );
  }

  async run(data: DataLoader<"x" | "y">): Promise<Scores> {
    const { model, mean, accuracy } = this;
    const before = model.training;
    mean.reset();
    accuracy.reset();
    model.eval();
    try {
      for (let i = 0; i < data.length; i++) {
        const { x, y } = data.at(0, i);
        this.step(asHost(x), asHost(y));
        await currentDevice().pace();
      }
      return { loss: await mean.compute(), accuracy: await accuracy.compute() };
    } finally {
      model.train(before);
    }
  }
}

/** What `fit` does with one batch, not compiled: to be listed, profiled or compiled in another way. */
export function fitStep(options: FitOptions): (x: Tensor, y: Tensor) => void {
  const stepper = new Stepper(options);
  return (x, y) => stepper.run(x, y);
}

/** One step, compiled or not, and the means over what it did. */
class Stepper {
  readonly step: (x: HostArray, y: HostArray) => void;
  /** Records a step for such a batch, and has its kernels measured. */
  readonly prepare: (x: HostArray, y: HostArray) => Promise<void>;
  private readonly recent = {
    loss: new LossMean(currentDevice()),
    accuracy: new Accuracy(currentDevice()),
  };
  private readonly whole = { loss: new MeanMetric(currentDevice()), accuracy: new Accuracy(currentDevice()) };
  /** Steps of this run. */
  private done = 0;
  private samples = 0;
  private since = performance.now();

  constructor(private readonly options: FitOptions) {
    const run = (x: Tensor, y: Tensor) => this.run(x, y);
    const compiled = options.compile === false ? null : compile(run);
    const once = compiled ?? ((x: HostArray, y: HostArray) => run(upload(x), upload(y)));
    this.prepare = async (x, y) => compiled?.prepare(x, y);
    this.step = (x, y) => {
      once(x, y);
      this.done++;
      this.samples += x.shape[0];
    };
  }

  /** Means since the last report. Throws NotFiniteError. */
  async sinceLastReport(): Promise<Omit<StepReport, "step" | "epoch">> {
    const [loss, accuracy] = await Promise.all([this.recent.loss.compute(), this.recent.accuracy.compute()]);
    await this.stopNotFinite(loss);
    const now = performance.now();
    const samplesPerSecond = (this.samples * 1000) / (now - this.since);
    this.samples = 0;
    this.since = now;
    this.recent.loss.reset();
    this.recent.accuracy.reset();
    return { loss, accuracy, lr: this.options.optimizer.groups[0].lr, samplesPerSecond };
  }

  /** Means since the last epoch ended. Throws NotFiniteError. */
  async sinceEpochStart(): Promise<{ trainLoss: number; trainAccuracy: number }> {
    const [trainLoss, trainAccuracy] = await Promise.all([
      this.whole.loss.compute(),
      this.whole.accuracy.compute(),
    ]);
    await this.stopNotFinite(trainLoss);
    this.whole.loss.reset();
    this.whole.accuracy.reset();
    return { trainLoss, trainAccuracy };
  }

  private async stopNotFinite(loss: number): Promise<void> {
    const { step = 0, model, scaler, checkFinite: checked = true } = this.options;
    if (Number.isFinite(loss) || !checked || scaler) return; // a scaler skips such steps
    const finite = await this.recent.loss.finiteSteps();
    if (finite < this.done) await stopNotFinite(step + finite + 1, model); // else there was no step to report
  }

  run(x: Tensor, y: Tensor): void {
    const { model, optimizer, schedule, scaler } = this.options;
    const [logits, loss] = autocast(
      () => {
        const logits = model.forward(x); // [b, classes]
        return [logits, this.options.loss(logits, y)]; // []
      },
      { enabled: this.options.autocast ?? false },
    );
    optimizer.zeroGrad();
    backward(scaler ? scaler.scale(loss) : loss);
    this.clip();
    if (scaler) {
      scaler.step(optimizer as AnyOptimizer & GatedOptimizer); // it refuses one that is not
      scaler.update();
    } else optimizer.step();
    schedule?.step();
    for (const part of [this.recent, this.whole]) {
      part.loss.update(loss, x.shape[0]);
      part.accuracy.update(logits, y);
    }
  }

  private clip(): void {
    const { optimizer, clipNorm, scaler } = this.options;
    if (clipNorm === undefined) return;
    scaler?.unscale(optimizer as AnyOptimizer & GatedOptimizer); // the norm is that of the gradients proper
    clipGradNorm(
      optimizer.groups.flatMap((g) => [...g.params]),
      clipNorm,
    );
  }
}

function upload(a: HostArray): Tensor {
  return tensor(a.data, { shape: a.shape });
}

function asHost(field: { readonly data: ArrayBufferView; readonly shape: readonly number[] }): HostArray {
  const { data, shape } = field;
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint32Array)
    return { data, shape };
  throw new UsageError(
    `fit: batches must hold f32, i32 or u32, got ${data.constructor.name}; add a transform to the loader`,
  );
}
