// A run: its loop, its controls, and what it tells the page. Steps are never awaited one by one: losses, snapshots and weights are
// read late, in the order in which they were asked for. Messages get their turn between the steps.

import { countCalls } from "../../src/gpu/count_calls.ts";
import { OptionError, UsageError } from "../../src/gpu/errors.ts";
import type { Devices } from "./device.ts";
import { reportOf } from "./device.ts";
import { History } from "./history.ts";
import type { RetainedStep } from "./inspect/retained_step.ts";
import { Judge } from "./judging.ts";
import { checkLayers, type LayerSpec } from "./layers.ts";
import { checkConfig, checkRate } from "./model.ts";
import { INPUT, Network } from "./network.ts";
import type { Pictures } from "./pictures.ts";
import { Reporter, Speed } from "./progress.ts";
import type { CurvePoint, Events, RunConfig, RunInfo, RunState, ValidationPoint } from "./protocol.ts";
import { LateReads, Turns } from "./queues.ts";
import { readTensors } from "./reading.ts";
import { Losses, retried } from "./retry.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { nextTask } from "./tasks.ts";

/** Points of a whole curve, about. */
const CURVE_POINTS = 100;
const MOST_STEPS_A_POINT = 20;
/** A snapshot when both have passed; half of what may be lost, since the values come late. */
const SNAPSHOT = { steps: 5, ms: 1500 };
/** The loop makes way for messages at least so often. */
const TURN_MS = 12;

export interface RunHost {
  readonly devices: Devices;
  readonly pictures: Pictures;
  readonly emit: <E extends keyof Events>(event: E, data: Events[E]) => void;
}

export class Run {
  /** Replaced after a device loss. */
  network!: Network;
  judge!: Judge;
  step = 0;
  state: RunState = "paused";
  /** The last step that was opened, for the Inspector. */
  retained: RetainedStep | null = null;
  /** Roofs of the adapter, once the bench has measured them. */
  roofs: { readonly gflops: number; readonly gbs: number } | null = null;
  readonly history: History;
  private message: string | null = null;
  private target = 0;
  private resume: number | null = null;
  private first!: Snapshot;
  private snapshot!: Snapshot;
  private snapshotAt = { step: 0, ms: 0 };
  private validated: ValidationPoint[] = [];
  private calls: { dispatches: number; submits: number } = { dispatches: 0, submits: 0 };
  private looping: Promise<void> = Promise.resolve();
  private recovering: Promise<void> = Promise.resolve();
  private readonly reads = new LateReads((error) => this.broken(error));
  private readonly turns = new Turns();
  private readonly losses = new Losses();
  private closed = false;
  private readonly speed = new Speed();
  private readonly reporter: Reporter;

  /** Compiles everything; the run then stands paused at step 0. Throws OptionError for a config that does not fit. */
  static async start(config: RunConfig, host: RunHost): Promise<Run> {
    Run.check(config, host.pictures);
    const run = new Run(config, host);
    await run.build();
    run.first = await takeSnapshot(run.network, 0);
    run.begin();
    return run;
  }

  /** Throws OptionError, in words for the page, for a config that cannot be run on these pictures. */
  static check(config: RunConfig, { classes }: Pictures): void {
    checkConfig(config);
    const { fault } = checkLayers(config.layers, INPUT, classes.length);
    if (fault !== null) throw new OptionError(fault);
  }

  private constructor(
    readonly config: RunConfig,
    private readonly host: RunHost,
  ) {
    this.reporter = new Reporter(
      () => this.report(),
      (progress) => host.emit("progress", progress),
    );
    this.history = new History();
  }

  get layers(): readonly LayerSpec[] {
    return this.config.layers;
  }

  get pictures(): Pictures {
    return this.host.pictures;
  }

  /** Steps from one point of the curve to the next: a function of the config, so that curves can be compared. */
  get every(): number {
    return Math.max(1, Math.min(MOST_STEPS_A_POINT, Math.round(this.network.totalSteps / CURVE_POINTS)));
  }

  info(): RunInfo {
    const { network, pictures, config } = this;
    const { train, validation, test } = pictures;
    return {
      ...{ config, classes: pictures.classes, inputShape: INPUT },
      counts: { train: train.count, validation: validation.count, test: test.count },
      ...{ stepsPerEpoch: network.stepsPerEpoch, totalSteps: network.totalSteps },
      parameters: network.model.parameters().reduce((n, p) => n + p.size, 0),
      dispatches: network.compiled.programs[0]!.dispatches.length,
    };
  }

  /** Runs to the end. Returns at once. */
  play(): void {
    this.go(this.network.totalSteps);
  }

  /** Runs so many steps; resolves when they are done, or the run was stopped. */
  async steps(count: number): Promise<void> {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new OptionError(`steps: must be a whole number from 1, got ${count}`);
    this.go(Math.min(this.step + count, this.network.totalSteps));
    await this.idle();
  }

  async pause(): Promise<void> {
    this.resume = null;
    this.target = this.step;
    await this.looping;
    await this.recovering;
  }

  /** Back to step 0, with the weights that the seed gives. */
  async reset(): Promise<RunInfo> {
    await this.pause();
    await this.exclusive(async () => {
      this.reads.drop();
      if (this.network.device.isLost) await this.build();
      restoreSnapshot(this.network, this.first);
      this.begin();
    });
    return this.info();
  }

  /** The rate that the schedule multiplies, from the next step on. */
  setRate(lr: number): Promise<void> {
    checkRate(lr);
    return this.exclusive(async () => this.network.setRate(lr));
  }

  /** Waits until nothing runs and nothing is read. */
  async idle(): Promise<void> {
    while (this.state === "running" || this.state === "recovering") {
      await this.looping;
      await this.recovering;
      await nextTask();
    }
    await this.reads.done;
  }

  /** Resolves when no recovery is under way. */
  async recovered(): Promise<void> {
    await this.network.device.lostReason();
    await nextTask();
    await this.recovering;
  }

  /** Ends the run for good and frees what it holds. */
  async close(): Promise<void> {
    this.closed = true;
    await this.pause();
    await this.turns.current;
    this.reads.drop();
    this.reporter.stop();
    this.network.release();
    this.judge.release();
  }

  /** Runs `fn` between two steps: none is begun before it has ended. */
  exclusive<T>(fn: () => Promise<T>): Promise<T> {
    return this.turns.run(fn);
  }

  /** Counts a step that ran with this rate, and asks for what is to be read behind it. */
  done(lr: number): void {
    this.step++;
    const { step, network, judge } = this;
    if (step % this.every === 0)
      this.reads.add(network.meter.take(), (score) => this.addPoint({ step, ...score, lr }));
    if (step % network.stepsPerEpoch === 0)
      this.reads.add(judge.score(this.pictures.validation), (score) =>
        this.addValidation({ step, ...score }),
      );
    if (this.history.wants(step))
      this.reads.add(readTensors(network.model.stateDict()), (weights) => this.history.put(step, weights));
    const { steps, ms } = SNAPSHOT;
    const since = this.snapshotAt;
    if (step - since.step >= steps && performance.now() - since.ms >= ms) this.keep();
    this.reporter.touch();
  }

  /** Takes a snapshot now: what was done by hand must survive a loss. */
  keep(): void {
    const { step } = this;
    this.snapshotAt = { step, ms: performance.now() };
    this.reads.add(takeSnapshot(this.network, step), (snapshot) => {
      this.snapshot = snapshot;
    });
  }

  /** What is said beside the state. */
  say(message: string | null): void {
    this.message = message;
    this.reporter.touch();
  }

  private go(target: number): void {
    if (this.state === "failed")
      throw new UsageError(`${this.message ?? "the run has failed"}; reset it first`);
    if (this.state === "finished") return;
    if (this.state === "recovering") {
      this.resume = target;
      return;
    }
    this.target = target;
    if (this.state === "running") return;
    this.state = "running";
    this.message = null;
    this.speed.restart();
    this.looping = this.loop();
  }

  private get due(): boolean {
    return this.state === "running" && this.step < this.target;
  }

  private async loop(): Promise<void> {
    try {
      do {
        while (this.due) await this.once();
        await this.turns.current;
        await this.reads.done;
      } while (this.due);
      if (this.state === "running") this.state = this.step >= this.network.totalSteps ? "finished" : "paused";
      this.keep();
      this.reporter.touch();
    } catch (error) {
      await this.broken(error);
    }
  }

  private lastTurn = 0;

  private async once(): Promise<void> {
    while (this.turns.current) await this.turns.current;
    if (!this.due) return;
    const { network } = this;
    const batch = network.batchAt(this.step);
    const lr = network.rate;
    // Counted until a program ran at once, not waiting for a shader.
    if (this.calls.submits > 0) network.step(network.compiled, batch);
    else {
      network.device.flush();
      this.calls = countCalls(network.device.gpu, () => network.step(network.compiled, batch));
    }
    this.done(lr);
    await network.device.pace();
    this.speed.mark(this.step * network.batch);
    // Whether to stop is known only with the validation's values; once an epoch the wait costs little.
    if (this.step % network.stepsPerEpoch === 0) await this.reads.done;
    if (performance.now() - this.lastTurn > TURN_MS) {
      await nextTask();
      this.lastTurn = performance.now();
    }
  }

  private addPoint(point: CurvePoint): void {
    this.reporter.point(point);
    if (Number.isFinite(point.loss)) return;
    const from = point.step - this.every + 1;
    this.fail(`The loss is no number any more (steps ${from} to ${point.step}): try a lower learning rate.`);
  }

  private addValidation(point: ValidationPoint): void {
    this.validated = [...this.validated.filter((p) => p.step < point.step), point];
    this.reporter.validated(point);
    const { patience } = this.config;
    const losses = this.validated.map((p) => p.loss);
    const best = losses.indexOf(Math.min(...losses));
    if (patience === 0 || losses.length - 1 - best < patience || this.step >= this.network.totalSteps) return;
    if (this.state !== "running") return;
    this.state = "finished";
    const bestStep = this.validated[best]!.step;
    this.say(
      `Stopped: the validation loss has not improved for ${patience} epochs. It was lowest at step ${bestStep}.`,
    );
  }

  /** An error of the loop or of a late read: a lost device is recovered, anything else ends the run. */
  private async broken(error: unknown): Promise<void> {
    if ((await this.network.device.lostReason()) !== null) return; // `watch` acts
    this.fail(error instanceof Error ? error.message : String(error));
  }

  private fail(message: string): void {
    if (this.closed) return;
    this.state = "failed";
    this.say(message);
  }

  private begin(): void {
    this.step = 0;
    this.target = 0;
    this.state = "paused";
    this.snapshot = this.first;
    this.snapshotAt = { step: 0, ms: performance.now() };
    this.validated = [];
    this.retained = null;
    this.history.clear();
    const { tensors } = this.first;
    const names = [...this.network.model.stateDict().keys()];
    this.history.put(0, new Map(names.map((name) => [name, tensors.get(name)!])));
    this.reporter.clear();
    this.say(null);
  }

  private async build(): Promise<void> {
    const { config, host } = this;
    const device = await host.devices.get();
    const network = new Network(device, config, host.pictures);
    await network.prepare(network.compiled);
    this.network = network;
    this.judge = new Judge(device, network.model, host.pictures.standardised);
    this.calls = { dispatches: 0, submits: 0 };
    void device.lost.then(() => {
      if (this.network === network && !this.closed && this.state !== "failed")
        this.recovering = this.recover();
    });
  }

  private async recover(): Promise<void> {
    this.resume = this.state === "running" ? this.target : null;
    this.state = "recovering";
    this.reads.drop();
    this.reporter.backTo(this.snapshot.step);
    this.say("The GPU device was lost. Asking for a new one.");
    const tooMany = this.losses.add(performance.now());
    if (tooMany !== null) return this.fail(tooMany);
    await this.looping;
    await this.turns.current;
    const error = await retried(async () => {
      await this.build();
      restoreSnapshot(this.network, this.snapshot);
    });
    if (this.closed) return;
    if (error !== null) return this.fail(`The GPU device was lost, and there is no new one: ${error}`);
    this.step = this.snapshot.step;
    this.snapshotAt = { step: this.step, ms: performance.now() };
    this.validated = this.validated.filter((p) => p.step <= this.step);
    this.history.backTo(this.step);
    this.retained = null;
    this.state = this.step >= this.network.totalSteps ? "finished" : "paused";
    this.host.emit("recovered", { adapter: reportOf(this.network.device), step: this.step });
    if (this.resume !== null) this.go(this.resume);
    this.say(`The GPU device was lost; the run went on at step ${this.step} on a new one.`);
  }

  private report() {
    const { state, step, message, network } = this;
    const { dispatches, submits } = this.calls;
    const images = this.speed.perSecond;
    const left = (network.totalSteps - step) * network.batch;
    const { liveBytes, pooledBytes } = network.device.memory();
    return {
      ...{ state, step, message, dispatches, submits },
      imagesPerSecond: state === "running" ? images : 0,
      eta: state === "running" && images > 0 ? left / images : null,
      gpuBytes: liveBytes + pooledBytes,
    };
  }
}
