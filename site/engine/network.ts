// A run's objects on one device: model, optimizer, schedule, batches, and the compiled functions over them. It knows no time and
// no state of play: loop.ts moves it. After a device loss another one is made and given the last snapshot.

import { type Device, withDevice } from "../../src/gpu/device.ts";
import { crossEntropy } from "../../src/kernels/cross_entropy.ts";
import type { Sequential } from "../../src/layers/sequential.ts";
import type { AnyOptimizer } from "../../src/optim/optimizer.ts";
import type { Schedule } from "../../src/optim/schedule.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import { Generator, type GeneratorState } from "../../src/tensor/philox.ts";
import { defaultGenerator } from "../../src/tensor/random.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type Batch, Batches, INPUT } from "./batches.ts";
import { Meter } from "./meter.ts";
import { buildModel, buildOptimizer, buildSchedule } from "./model.ts";
import type { Pictures } from "./pictures.ts";
import type { RunConfig } from "./protocol.ts";

export class Network {
  readonly model: Sequential;
  readonly optimizer: AnyOptimizer;
  readonly schedule: Schedule;
  readonly meter: Meter;
  readonly batches: Batches;
  /** The training step, captured. */
  readonly compiled: Compiled<[Tensor, Tensor], void>;
  /** Where the run's random numbers stand: dropout draws from the engine's one stream, which others use too. */
  random: GeneratorState;
  private variant: Compiled<[Tensor, Tensor], Tensor> | null = null;

  constructor(
    readonly device: Device,
    readonly config: RunConfig,
    readonly pictures: Pictures,
  ) {
    const { classes } = pictures;
    this.batches = new Batches(pictures, config);
    const made = withDevice(device, () => {
      const model = buildModel(config.layers, INPUT, classes.length, config.seed);
      const optimizer = buildOptimizer(config.optimizer, model.parameters(), config.lr);
      const schedule = buildSchedule(config.schedule, optimizer, this.totalSteps);
      return { model, optimizer, schedule, meter: new Meter(device) };
    });
    ({ model: this.model, optimizer: this.optimizer, schedule: this.schedule, meter: this.meter } = made);
    this.compiled = compile((x: Tensor, y: Tensor) => {
      this.stepFunction(x, y);
    });
    this.random = new Generator(config.seed).fork("dropout").state();
  }

  get batch(): number {
    return this.batches.size;
  }

  get stepsPerEpoch(): number {
    return this.batches.perEpoch;
  }

  get totalSteps(): number {
    return this.batches.total;
  }

  /** One training step in plain ops: forward, backward, optimizer, schedule, counters. The mean loss, []. */
  readonly stepFunction = (x: Tensor, y: Tensor): Tensor => {
    const { model, optimizer, schedule, meter } = this;
    const logits = model.forward(x); // [b, classes]
    const loss = crossEntropy(logits, y); // []
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    schedule.step();
    meter.update(loss, logits, y);
    return loss;
  };

  /** The same step, with everything kept that it computes. */
  get retaining(): Compiled<[Tensor, Tensor], Tensor> {
    this.variant ??= compile((x: Tensor, y: Tensor) => this.stepFunction(x, y), { retain: /./ });
    return this.variant;
  }

  /** Compiles a form of the step without running it. */
  prepare<R>(how: Compiled<[Tensor, Tensor], R>): Promise<void> {
    const { x, y } = this.batches.at(0);
    return withDevice(this.device, () => how.prepare(x, y));
  }

  /** Runs a step by `how`, on the batch given. */
  step<R>(how: Compiled<[Tensor, Tensor], R>, { x, y }: Batch): R {
    return this.drawing(() => scope(() => how(x, y), "step"));
  }

  /** The host's state as after so many steps more; what is on the device stays. For steps that ran elsewhere. */
  forward(steps: number): void {
    const { x, y } = this.batches.at(0);
    this.drawing(() => this.compiled.forward(steps, x, y));
  }

  /** Rates of the steps from now on: the schedule multiplies this one. */
  setRate(lr: number): void {
    this.schedule.loadState({ ...this.schedule.state(), baseRates: [lr] });
  }

  get rate(): number {
    return this.optimizer.groups[0]!.lr;
  }

  /** With the run's random numbers. */
  private drawing<R>(fn: () => R): R {
    defaultGenerator.setState(this.random);
    try {
      return withDevice(this.device, fn);
    } finally {
      this.random = defaultGenerator.state();
    }
  }

  /** Lets go of buffers at once instead of when the collector comes. */
  release(): void {
    for (const program of [...this.compiled.programs, ...(this.variant?.programs ?? [])]) program.release();
    this.meter.release();
    for (const t of this.model.stateDict().values()) t.release("the end of the run");
  }
}
