// One training of a recipe: reports, checkpoints, Ctrl-C, resuming, and the stop when the loss is no number any more.

import { NotFiniteError } from "../../../gpu/errors.ts";
import { scope } from "../../../tensor/scope.ts";
import type { RunParts } from "../../checkpoint.ts";
import { type LossMean, stopNotFinite } from "../../finite.ts";
import { type Callback, type EpochReport, type FitOptions, fit, type StepReport } from "../../fit.ts";
import type { MeanMetric } from "../../metrics/counting.ts";
import { CHECKPOINT, type Journal, trainsTwice } from "./journal.ts";

/** Steps between two reports, and between two checkpoints: only what was reported, and so is known to be finite, is saved. */
const REPORT_EVERY = 25;
const CHECKPOINT_EVERY = 200;

/** A mean that is read and begun anew: MeanMetric, Accuracy. */
type Mean = Pick<MeanMetric, "compute" | "reset">;

export interface TrainOptions {
  /** What a checkpoint holds. */
  readonly parts: RunParts;
  readonly steps: number;
  /** One step of training, its number from 0. What it takes from the data depends on that number alone. Synchronous. */
  readonly step: (i: number) => void;
  /** Samples of a step. */
  readonly samples: number;
  /** Updated by the step; `loss` decides whether the run goes on. */
  readonly means: { readonly loss: LossMean } & Readonly<Record<string, Mean>>;
  /** What is reported as the learning rate. Default: that of the optimizer, or of the first. */
  readonly lr?: () => number;
  /** Judges between steps: its values are drawn beside the means. Also after the last step. */
  readonly watch?: {
    readonly every: number;
    readonly run: (step: number) => Promise<Record<string, number>>;
  };
  /** Default 25. */
  readonly reportEvery?: number;
}

export interface TrainDone {
  /** Steps done in all. */
  readonly step: number;
  /** Stopped by Ctrl-C; a checkpoint was saved. */
  readonly aborted: boolean;
}

export type ClassifierOptions = Omit<
  FitOptions,
  "model" | "optimizer" | "schedule" | "scaler" | "train" | "step" | "signal"
> & {
  readonly parts: Pick<FitOptions, "model" | "optimizer" | "schedule" | "scaler"> & {
    loader: FitOptions["train"];
  };
};

export class Training {
  private begun = false;
  /** Parts and steps of the last training. */
  last: { readonly parts: RunParts; readonly step: number } | null = null;

  constructor(
    private readonly journal: Journal,
    /** "" for the only one of a recipe. */
    readonly name: string,
  ) {}

  /** Any training, step by step. */
  async train(options: TrainOptions): Promise<TrainDone> {
    const { parts, steps, means, samples, reportEvery = REPORT_EVERY, watch } = options;
    const { device, signal } = this.journal.options;
    const checkpointEvery = Math.ceil(CHECKPOINT_EVERY / reportEvery) * reportEvery;
    let step = this.begin(parts);
    const first = step;
    const clock = new Clock();
    let reported = step;
    const report = async () => {
      const loss = await means.loss.compute();
      if (!Number.isFinite(loss)) await this.stop(first + (await means.loss.finiteSteps()) + 1, parts);
      const values: Record<string, number> = {};
      for (const [name, mean] of Object.entries(means)) {
        values[name] = await mean.compute();
        mean.reset();
      }
      const samplesPerSecond = ((step - reported) * samples * 1000) / clock.lap();
      reported = step;
      await this.reported({
        step,
        steps,
        samples,
        values,
        samplesPerSecond,
        lr: options.lr?.() ?? rateOf(parts),
      });
    };
    const judge = async () => {
      const values = await watch!.run(step);
      clock.lap(); // judging is no training
      await this.note({ kind: "judged", step, values });
      this.log(`step ${step}: ${named(values)}`);
    };
    for (const mean of Object.values(means)) mean.reset();
    while (step < steps && !signal.aborted) {
      scope(() => options.step(step), "step");
      step++;
      await device.pace();
      if (step % reportEvery === 0) await report();
      if (watch && (step % watch.every === 0 || step === steps)) await judge();
      if (step % checkpointEvery === 0) await this.journal.save(this.name, parts, step);
    }
    if (step > reported) await report();
    return this.end(parts, step, step < steps);
  }

  /** What `watch` found so far, before a resume too. */
  get judged(): { readonly step: number; readonly values: Readonly<Record<string, number>> }[] {
    const own = this.journal.history.filter((e) => (e.phase ?? "") === this.name);
    return own.flatMap((e) => (e.kind === "judged" ? [{ step: e.step, values: e.values }] : []));
  }

  /** A classifier on batches { x, y }, as `fit` does it. */
  async fit(options: ClassifierOptions): Promise<TrainDone & { readonly epochs: readonly EpochReport[] }> {
    const { parts, callbacks = [], reportEvery = REPORT_EVERY, ...others } = options;
    const { loader: train, ...trained } = parts;
    const step = this.begin(parts);
    const steps = options.epochs * train.length;
    const checkpointEvery = Math.ceil(CHECKPOINT_EVERY / reportEvery) * reportEvery;
    const own: Callback = {
      onStep: async ({ step, epoch, loss, accuracy, lr, samplesPerSecond }: StepReport) => {
        const values = { loss, accuracy };
        const place = { epoch: epoch + 1, epochs: options.epochs };
        await this.reported({
          step,
          steps,
          samples: train.batchSize,
          values,
          samplesPerSecond,
          lr,
          ...place,
        });
        if (step % checkpointEvery === 0) await this.journal.save(this.name, parts, step);
      },
      onEpoch: async (r: EpochReport) => {
        await this.note({ kind: "epoch", ...r });
        const held = Number.isFinite(r.loss)
          ? `; held out: loss ${r.loss.toFixed(4)}, accuracy ${r.accuracy.toFixed(4)}`
          : "";
        const of = `epoch ${r.epoch}/${options.epochs}`;
        this.log(`${of}: loss ${r.trainLoss.toFixed(4)}, accuracy ${r.trainAccuracy.toFixed(4)}${held}`);
        await this.journal.save(this.name, parts, r.step);
      },
    };
    const { signal } = this.journal.options;
    const all = { ...others, ...trained, train, step, signal, reportEvery, callbacks: [own, ...callbacks] };
    const done = await fit(all).catch((error: unknown) => this.explained(error));
    return { ...(await this.end(parts, done.step, done.aborted)), epochs: done.epochs };
  }

  private begin(parts: RunParts): number {
    if (this.begun) trainsTwice(this.journal.config.recipe, this.name);
    this.begun = true;
    return this.journal.restore(this.name, parts);
  }

  private async end(parts: RunParts, step: number, aborted: boolean): Promise<TrainDone> {
    await this.journal.save(this.name, parts, step);
    this.last = { parts, step };
    return { step, aborted };
  }

  private async reported(r: {
    step: number;
    steps: number;
    samples: number;
    values: Record<string, number>;
    samplesPerSecond: number;
    lr: number;
    epoch?: number;
    epochs?: number;
  }): Promise<void> {
    const { step, steps, values, samplesPerSecond, lr, epoch, epochs } = r;
    await this.note({ kind: "step", step, ...(epoch && { epoch }), ...values, lr, samplesPerSecond });
    const secondsLeft = ((steps - step) * r.samples) / samplesPerSecond;
    const phase = this.name || undefined;
    this.journal.options.progress({
      phase,
      step,
      steps,
      epoch,
      epochs,
      values,
      samplesPerSecond,
      secondsLeft,
    });
  }

  private note(entry: Parameters<Journal["note"]>[0]): Promise<void> {
    return this.journal.note(this.name ? { phase: this.name, ...entry } : entry);
  }

  private log(line: string): void {
    this.journal.options.log(this.name ? `${this.name}: ${line}` : line);
  }

  private async stop(step: number, { model }: RunParts): Promise<never> {
    return stopNotFinite(step, model).catch((error: unknown) => this.explained(error));
  }

  /** Says where the run may go on. */
  private explained(error: unknown): never {
    if (!(error instanceof NotFiniteError)) throw error;
    const { recipe } = this.journal.config;
    const { saved } = this.journal;
    const good = saved
      ? `the last good checkpoint is of ${saved.phase && `${saved.phase}, `}step ${saved.step}, in ${CHECKPOINT}`
      : "no checkpoint was saved before";
    const of = `${recipe}${this.name && `, ${this.name}`}`;
    throw new NotFiniteError(`${of}: ${error.message}; ${good}`, error.step, error.label);
  }
}

/** Of the only optimizer, or the first. */
function rateOf({ optimizer, optimizers = {} }: RunParts): number {
  return (optimizer ?? Object.values(optimizers)[0])?.groups[0].lr ?? Number.NaN;
}

class Clock {
  private since = performance.now();

  /** Milliseconds since the last lap. */
  lap(): number {
    const now = performance.now();
    const past = now - this.since;
    this.since = now;
    return Math.max(past, 1e-3);
  }
}

/** "loss 0.1234, dice 0.9000". */
export function named(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, v]) => `${name} ${Number.isInteger(v) ? v : v.toFixed(4)}`)
    .join(", ");
}
