// What a run writes while it goes: metrics.jsonl, and checkpoints to go on from. A job of several trainings (folds, seeds, losses)
// has phases: those that are finished are in the history with what they found.

import { FormatError, UsageError } from "../../../gpu/errors.ts";
import { Generator } from "../../../tensor/philox.ts";
import { manualSeed } from "../../../tensor/random.ts";
import { loadCheckpoint, type RunParts, readProgress, saveCheckpoint } from "../../checkpoint.ts";
import type { EpochReport } from "../../fit.ts";
import type { Config } from "./config.ts";
import type { RecipeOptions } from "./recipe.ts";

export const CHECKPOINT = "checkpoint.safetensors";
export const METRICS = "metrics.jsonl";

/** A line of metrics.jsonl. `phase` is missing where there is but one. */
export type Entry = { readonly phase?: string } & (
  | ({ readonly kind: "step"; readonly step: number; readonly lr: number } & Readonly<
      Record<string, unknown>
    >)
  | ({ readonly kind: "epoch" } & EpochReport)
  | { readonly kind: "judged"; readonly step: number; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: "begun" }
  | { readonly kind: "finished"; readonly result: unknown }
);

export class Journal {
  /** Where the last checkpoint of this run stands; null before the first. */
  saved: { readonly phase: string; readonly step: number } | null = null;

  private constructor(
    readonly options: RecipeOptions,
    readonly config: Config & { readonly recipe: string },
    readonly history: Entry[],
    private resumed: Uint8Array | null,
  ) {}

  static async open(
    options: RecipeOptions,
    config: Config & { readonly recipe: string },
    resumed: Uint8Array | null,
  ): Promise<Journal> {
    const progress = resumed ? readProgress(resumed) : null;
    if (progress?.config.recipe !== undefined && progress.config.recipe !== config.recipe)
      throw new FormatError(
        `checkpoint: of the recipe ${String(progress.config.recipe)}, it cannot go on as ${config.recipe}`,
      );
    const history = [...(progress?.history ?? [])] as Entry[];
    // Begins anew: the folder may hold lines of another run, or of steps after the checkpoint.
    await options.files.write(METRICS, history.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    return new Journal(options, config, history, resumed);
  }

  async note(entry: Entry): Promise<void> {
    this.history.push(entry);
    await this.options.files.append(METRICS, `${JSON.stringify(entry)}\n`);
  }

  async save(phase: string, parts: RunParts, step: number): Promise<void> {
    const { config, history } = this;
    await this.options.files.write(CHECKPOINT, await saveCheckpoint(parts, { step, config, history }));
    this.saved = { phase, step };
  }

  /** What a finished phase found, if it was finished before. */
  finished(phase: string): { readonly result: unknown } | undefined {
    return this.history.find((e) => e.kind === "finished" && e.phase === phase) as
      | { readonly result: unknown }
      | undefined;
  }

  /** Starts a phase: the same random numbers whatever ran before. */
  async begin(phase: string): Promise<void> {
    const { seed } = this.config;
    manualSeed(phase ? new Generator(seed).fork(phase).seed : seed);
    if (this.current() !== phase) await this.note({ kind: "begun", phase });
  }

  async finish(phase: string, result: unknown): Promise<void> {
    await this.note({ kind: "finished", phase, result });
  }

  /** Fills `parts` from the checkpoint if that is where it stands; the steps done before. */
  restore(phase: string, parts: RunParts): number {
    if (!this.resumed || this.current() !== phase) return 0;
    const { device, log } = this.options;
    const { step, tuning } = loadCheckpoint(this.resumed, parts);
    this.resumed = null;
    this.saved = { phase, step };
    log(`resumed ${phase && `${phase} `}at step ${step}`);
    if (tuning !== null && tuning !== device.tuning.hash)
      log(`the kernels are tuned as ${device.tuning.hash}, before as ${tuning}: not the same run bit by bit`);
    return step;
  }

  /** The phase that was begun and is not finished; "" where there are none. */
  private current(): string {
    const begun = this.history.filter((e) => e.kind === "begun").at(-1)?.phase;
    if (begun === undefined) return "";
    return this.finished(begun) ? UNKNOWN : begun;
  }
}

/** No phase: the last one is finished, the next not begun. */
const UNKNOWN = "\n";

/** A phase trains once: a checkpoint could not tell a second training from the first. */
export function trainsTwice(recipe: string, phase: string): never {
  throw new UsageError(
    `${recipe}: ${phase ? `the phase ${phase}` : "the run"} trains twice; make each training a phase`,
  );
}
