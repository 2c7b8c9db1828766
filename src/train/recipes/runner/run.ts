// The run of a recipe: its settings, its trainings, its result and its page. What it writes meanwhile: journal.ts; the loops:
// training.ts.

import type { DataSource } from "../../../data/sets/files.ts";
import type { Device } from "../../../gpu/device.ts";
import { readStateDict } from "../../../io/state_dict.ts";
import type { Module } from "../../../layers/module.ts";
import { saveCheckpoint, weightsSha256 } from "../../checkpoint.ts";
import type { RunCurves } from "../../report/curves.ts";
import { judgedEpochs, lossTile } from "../../report/curves.ts";
import { type RunReport, renderReport } from "../../report/report.ts";
import { type Config, configure } from "./config.ts";
import { type Entry, Journal } from "./journal.ts";
import type { RecipeOptions, RecipeResult } from "./recipe.ts";
import { type ClassifierOptions, named, type TrainDone, Training, type TrainOptions } from "./training.ts";

export interface Finish {
  readonly metrics: Readonly<Record<string, number>>;
  /** The same figures of the trivial way. */
  readonly baseline?: Readonly<Record<string, number>>;
  /** Facts, curves, epochs and the training loss are added. */
  readonly report: Omit<RunReport, "facts" | "runs" | "epochs">;
}

export class RecipeRun<C extends Config> {
  private readonly started = performance.now();
  private readonly main: Training;
  private readonly trained: Training[] = [];

  private constructor(
    private readonly options: RecipeOptions,
    readonly config: C,
    private readonly journal: Journal,
  ) {
    this.main = new Training(journal, "");
  }

  /**
   * Settles the configuration and seeds the random numbers. `small`: what differs in the small form.
   *
   * @throws OptionError for a setting the recipe does not have, or another than that of the run to resume
   */
  static async open<C extends Config>(
    recipe: string,
    options: RecipeOptions,
    defaults: C,
    small: Partial<C>,
  ): Promise<RecipeRun<C>> {
    const resumed = await options.files.resume();
    const config = configure(recipe, options, resumed, defaults, small);
    const journal = await Journal.open(options, { ...config, recipe }, resumed);
    const run = new RecipeRun(options, config, journal);
    await journal.begin("");
    return run;
  }

  get device(): Device {
    return this.options.device;
  }

  get small(): boolean {
    return this.options.small ?? false;
  }

  /** Ctrl-C was pressed: what remains is to be left out. */
  get aborted(): boolean {
    return this.options.signal.aborted;
  }

  log(line: string): void {
    this.options.log(line);
  }

  /** Reads the files of a data set by name. */
  data(source: DataSource): (file: string) => Promise<Uint8Array> {
    return this.options.files.data(source);
  }

  /** The only training of a recipe, step by step. */
  train(options: TrainOptions): Promise<TrainDone> {
    return this.main.train(options);
  }

  /** The only training of a recipe: a classifier on batches { x, y }. */
  fit(options: ClassifierOptions): ReturnType<Training["fit"]> {
    return this.main.fit(options);
  }

  /**
   * One of several trainings: `body` trains once and returns what it found, as plain JSON. Random numbers depend on seed and
   * name alone. A resumed run skips what is finished and returns what was found then; weights that a later phase needs are kept
   * by `saveWeights`. After an abort the result means nothing: ask `aborted`.
   */
  async phase<T>(name: string, body: (training: Training) => Promise<T>): Promise<T> {
    const before = this.journal.finished(name);
    if (before) return before.result as T;
    await this.journal.begin(name);
    const training = new Training(this.journal, name);
    const result = await body(training);
    this.trained.push(training);
    if (this.aborted) return result;
    await this.journal.finish(name, result);
    if (training.last) await this.journal.save(name, training.last.parts, training.last.step);
    return result;
  }

  /** Keeps the weights of a model in the run folder, for a later phase. */
  async saveWeights(name: string, model: Module): Promise<void> {
    const bytes = await saveCheckpoint({ model }, { step: 0, config: this.config, history: [] });
    await this.options.files.write(`${name}.safetensors`, bytes);
  }

  /** Loads what `saveWeights` kept, in this run or in the one that it goes on from; false if there is nothing. */
  async loadWeights(name: string, model: Module): Promise<boolean> {
    const bytes = await this.options.files.read(`${name}.safetensors`);
    if (bytes) model.loadStateDict(readStateDict(bytes));
    return bytes !== null;
  }

  /** The result of a run that was stopped: none. */
  async unfinished(model: Module, steps: number): Promise<RecipeResult> {
    return this.result(model, steps, {}, {});
  }

  /** Writes the page, and gives the result. */
  async finish(
    model: Module,
    steps: number,
    { metrics, baseline = {}, report }: Finish,
  ): Promise<RecipeResult> {
    const result = await this.result(model, steps, metrics, baseline);
    const { device } = this.options;
    const facts = {
      adapter: device.name,
      tuning: device.tuning.hash,
      ...this.config,
      steps,
      seconds: Math.round(result.seconds),
      weights: result.weightsSha256,
    };
    const runs = runsOf(this.journal.history);
    const compared = await this.options.files.compare?.();
    if (compared) {
      const other = compared.text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Entry);
      runs.push(...runsOf(other).map((run) => ({ ...run, name: `${compared.name} ${run.name}`.trim() })));
    }
    if (runs.length > 1)
      for (const [i, run] of runs.entries()) runs[i] = { ...run, name: run.name || "this run" };
    const epochs = runs.length > 1 ? [] : this.journal.history.filter((e) => e.kind === "epoch");
    const tiles = [
      ...(report.tiles ?? []),
      ...(runs.length === 1 ? lossTile(runs[0].values.loss ?? []) : []),
    ];
    await this.options.files.write("report.html", renderReport({ ...report, tiles, facts, runs, epochs }));
    this.log(`${named(metrics)}${Object.keys(baseline).length ? `; baseline: ${named(baseline)}` : ""}`);
    return result;
  }

  private async result(
    model: Module,
    steps: number,
    metrics: RecipeResult["metrics"],
    baseline: RecipeResult["baseline"],
  ): Promise<RecipeResult> {
    const seconds = (performance.now() - this.started) / 1000;
    const sha256 = await weightsSha256(model);
    return { metrics, baseline, steps, seconds, seed: this.config.seed, weightsSha256: sha256 };
  }
}

const PLACE = new Set(["kind", "phase", "step", "epoch", "samplesPerSecond"]);

/** The curves of every phase, from the lines of metrics.jsonl. */
export function runsOf(history: readonly Entry[]): RunCurves[] {
  const names = [...new Set(history.filter((e) => e.kind === "step").map((e) => e.phase ?? ""))];
  return names.map((name) => {
    const own = history.filter((e) => (e.phase ?? "") === name);
    const steps = own.filter((e) => e.kind === "step");
    const keys = [...new Set(steps.flatMap((e) => Object.keys(e)))].filter((key) => !PLACE.has(key));
    const number = (value: unknown) => (typeof value === "number" ? value : Number.NaN); // JSON has null for NaN
    const column = (key: string) => steps.map((e) => number(e[key as keyof typeof e]));
    const judged = own.flatMap((e) => (e.kind === "judged" ? [{ step: e.step, values: e.values }] : []));
    const epochs = own.filter((e) => e.kind === "epoch");
    return {
      name,
      step: steps.map((e) => e.step),
      values: Object.fromEntries(keys.map((key) => [key, column(key)])),
      judged: [...judged, ...judgedEpochs(epochs)],
    };
  });
}
