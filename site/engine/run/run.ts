// A run: its state and its controls. Its steps: loop.ts. What is written down on the way: records.ts. When to stop early: patience.ts.
// A lost device: recovery.ts.

import { countCalls } from "../../../src/gpu/count_calls.ts";
import { OptionError, UsageError } from "../../../src/gpu/errors.ts";
import type { Devices } from "../device.ts";
import type { RetainedStep } from "../inspect/retained_step.ts";
import { Judge } from "../judging.ts";
import type { LayerSpec } from "../layers.ts";
import { checkConfig, checkRate } from "../model.ts";
import { Network } from "../network.ts";
import type { Pictures } from "../pictures.ts";
import type { Events, RunConfig, RunInfo, RunState } from "../protocol.ts";
import type { History } from "./history.ts";
import { Loop, type Stepped } from "./loop.ts";
import { Reporter } from "./progress.ts";
import { Records } from "./records.ts";
import { Recovery } from "./recovery.ts";
import { infoOf, progressOf } from "./run_report.ts";
import { type Carried, completed, restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { nextTask } from "./tasks.ts";

export interface RunHost {
  readonly devices: Devices;
  readonly pictures: Pictures;
  readonly emit: <E extends keyof Events>(event: E, data: Events[E]) => void;
}

export class Run implements Stepped {
  /** Replaced after a device loss. */
  network!: Network;
  judge!: Judge;
  step = 0;
  state: RunState = "paused";
  /** In words, beside the state. */
  message: string | null = null;
  /** The last step that was opened, for the Inspector. */
  retained: RetainedStep | null = null;
  /** Roofs of the adapter, once the bench has measured them. */
  roofs: { readonly gflops: number; readonly gbs: number } | null = null;
  /** Step 0, with the weights that the seed gives. */
  private first!: Snapshot;
  private closed = false;
  /** WebGPU calls of a step. */
  calls = { dispatches: 0, submits: 0 };
  readonly loop = new Loop(this);
  readonly records: Records;
  private readonly recovery = new Recovery(this);
  private readonly reporter: Reporter;

  /**
   * Compiles everything; the run then stands paused at step 0, or where `from` was taken: in a run with this config on these pictures.
   * Its curve begins there; `reset` still goes back to step 0. Throws OptionError for a config that does not fit.
   */
  static async start(config: RunConfig, host: RunHost, from?: Snapshot | Carried): Promise<Run> {
    checkConfig(config);
    const run = new Run(config, host);
    await run.build();
    run.first = await takeSnapshot(run.network, 0);
    const at = from ? completed(run.network, from) : run.first;
    if (from) restoreSnapshot(run.network, at);
    run.begin(at);
    run.recovery.watch(run.network);
    return run;
  }

  private constructor(
    readonly config: RunConfig,
    readonly host: RunHost,
  ) {
    this.reporter = new Reporter(
      () => progressOf(this),
      (progress) => host.emit("progress", progress),
    );
    this.records = new Records(this, this.reporter);
  }

  get layers(): readonly LayerSpec[] {
    return this.config.layers;
  }

  get pictures(): Pictures {
    return this.host.pictures;
  }

  get history(): History {
    return this.records.history;
  }

  get batch(): number {
    return this.network.batch;
  }

  get stepsPerEpoch(): number {
    return this.network.stepsPerEpoch;
  }

  get read(): Promise<void> {
    return this.records.done;
  }

  next(): void {
    const { network, step } = this;
    const batch = network.batches.at(step);
    const lr = network.rate;
    // Counted until a program ran at once, not waiting for a shader.
    if (this.calls.submits > 0) network.step(network.compiled, batch);
    else {
      network.device.flush();
      this.calls = countCalls(network.device.gpu, () => network.step(network.compiled, batch));
    }
    this.done(lr);
  }

  pace(): Promise<void> {
    return this.network.device.pace();
  }

  info(): RunInfo {
    return infoOf(this.network);
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
    this.recovery.target = null;
    this.loop.stop();
    if (this.state === "running") {
      this.state = "pausing";
      this.reporter.touch();
    }
    await this.loop.over;
    await this.recovery.done;
  }

  /** Back to step 0, with the weights that the seed gives. */
  async reset(): Promise<RunInfo> {
    await this.pause();
    await this.exclusive(async () => {
      this.records.drop();
      if (this.network.device.isLost) {
        await this.build();
        this.recovery.watch(this.network);
      }
      restoreSnapshot(this.network, this.first);
      this.begin(this.first);
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
    while (this.isGoing || this.state === "recovering") {
      await this.loop.over;
      await this.recovery.done;
      await nextTask();
    }
    await this.records.done;
  }

  /** Resolves when no recovery is under way. */
  async recovered(): Promise<void> {
    await this.network.device.lostReason();
    await nextTask();
    await this.recovery.done;
  }

  /** Ends the run for good and frees what it holds. */
  async close(): Promise<void> {
    this.closed = true;
    await this.pause();
    await this.loop.turns.current;
    this.records.drop();
    this.reporter.stop();
    this.network.release();
    this.judge.release();
  }

  /** Runs `fn` between two steps: none is begun before it has ended. */
  exclusive<T>(fn: () => Promise<T>): Promise<T> {
    return this.loop.turns.run(fn);
  }

  /** Counts a step that ran with this rate, and asks for what is to be read behind it. */
  done(lr: number): void {
    this.step++;
    this.records.behind(lr);
    this.reporter.touch();
  }

  /** Takes a snapshot now: what was done by hand must survive a loss. */
  keep(): void {
    this.records.keep();
  }

  /** What is said beside the state. */
  say(message: string | null): void {
    this.message = message;
    this.reporter.touch();
  }

  /** Up to this step, or on to another one. */
  go(target: number): void {
    if (this.state === "failed")
      throw new UsageError(`${this.message ?? "the run has failed"}; reset it first`);
    if (this.state === "finished") return;
    if (this.state === "recovering") {
      this.recovery.target = target;
      return;
    }
    const { isGoing } = this;
    this.loop.target = target;
    this.state = "running";
    if (isGoing) return;
    this.message = null;
    this.loop.begin();
  }

  /** The loop has reached its target, or was stopped. */
  arrived(): void {
    if (this.isGoing) this.state = this.step >= this.network.totalSteps ? "finished" : "paused";
    if (this.state === "paused" || this.state === "finished") this.keep();
    this.reporter.touch();
  }

  /** Stops before the last step, and says why. */
  finish(why: string): void {
    if (this.step >= this.network.totalSteps || !this.isGoing) return;
    this.state = "finished";
    this.loop.stop();
    this.say(why);
  }

  fail(message: string): void {
    if (this.closed) return;
    this.state = "failed";
    this.loop.stop();
    this.say(message);
  }

  /** An error of the loop or of a late read: a lost device is recovered, anything else ends the run. */
  async broken(error: unknown): Promise<void> {
    if ((await this.network.device.lostReason()) !== null) return; // recovery.ts acts
    this.fail(error instanceof Error ? error.message : String(error));
  }

  /** Whether the run is alive, and on this network. */
  isOn(network: Network): boolean {
    return this.network === network && !this.closed && this.state !== "failed";
  }

  /** Network and judge on the device there is, or on a new one. */
  async build(): Promise<void> {
    const { config, host } = this;
    const device = await host.devices.get();
    const network = new Network(device, config, host.pictures);
    await network.prepare(network.compiled);
    this.network = network;
    this.judge = new Judge(device, network.model, host.pictures.standardised);
    this.calls = { dispatches: 0, submits: 0 };
  }

  /** Counts on from there, at rest. */
  standAt({ step }: Snapshot): void {
    this.step = step;
    this.loop.stop();
    this.retained = null;
    this.state = step >= this.network.totalSteps ? "finished" : "paused";
  }

  private begin(at: Snapshot): void {
    this.records.begin(at, this.network);
    this.standAt(at);
    this.say(null);
  }

  private get isGoing(): boolean {
    return this.state === "running" || this.state === "pausing";
  }
}
