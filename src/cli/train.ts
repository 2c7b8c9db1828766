// `wgrad train <recipe>`: checks everything that can be checked, opens the device, runs the recipe, writes `--json`.
// What is trained and what is written into the run folder is the recipe's affair (src/train/recipes).
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { OptionError } from "../gpu/errors.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { describeDevice } from "../hosts/node.ts";
import { type RecipeProgress, recipeName, runRecipe } from "../train/recipes/index.ts";
import { readablePath, writableFile, writableFolder, writeJson } from "./files.ts";
import { openOrInstall } from "./open_device.ts";
import { ProgressLine } from "./progress.ts";
import { RunFolder } from "./run_folder.ts";

/** Exit code of a process ended by Ctrl-C. */
const INTERRUPTED = 128 + 2;

/** The options as the command line has them, numbers checked. */
export interface TrainFlags {
  epochs?: number;
  steps?: number;
  batch?: number;
  lr?: number;
  seed?: number;
  adapter?: AdapterKind;
  out?: string;
  resume?: string;
  json?: string;
  data?: string;
  autotune?: boolean;
  small?: boolean;
  compare?: string;
}

/** `digits-20260214-093015`: a new folder for every run, in the order in which they ran. */
function runName(recipe: string, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return `${recipe}-${stamp}`;
}

// A resumed run goes on in the folder where it stopped.
function outFolder(recipe: string, flags: TrainFlags, resume: string | undefined): string {
  if (flags.out !== undefined) return flags.out;
  if (resume !== undefined) return statSync(resume).isDirectory() ? resume : dirname(resume);
  return join("runs", runName(recipe, new Date()));
}

// The first Ctrl-C asks the recipe to save and stop, the second ends the process.
function onInterrupt(): { signal: AbortSignal; off: () => void } {
  const controller = new AbortController();
  const handler = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", handler);
  return { signal: controller.signal, off: () => process.off("SIGINT", handler) };
}

/** Runs a recipe and answers the exit code. Throws OptionError and DeviceError before any training. */
export async function train(name: string, flags: TrainFlags): Promise<number> {
  recipeName(name);
  const resume = flags.resume === undefined ? undefined : readablePath("--resume", flags.resume);
  const data = flags.data === undefined ? undefined : readablePath("--data", flags.data);
  if (data && !statSync(data).isDirectory())
    throw new OptionError(`--data: must be a folder, ${data} is not`);
  const compare = flags.compare === undefined ? undefined : readablePath("--compare", flags.compare);
  const json = flags.json === undefined ? undefined : writableFile("--json", flags.json);
  const out = writableFolder("--out", outFolder(name, flags, resume));
  const device = await openOrInstall(flags.adapter, undefined, flags.autotune);
  const { signal, off } = onInterrupt();
  console.log(`adapter: ${describeDevice(device)}`);
  const bar = new ProgressLine();
  const log = (line: string) => bar.log(line);
  const progress = (state: RecipeProgress) => bar.update(state);
  try {
    const { epochs, steps: stepsAsked, batch, lr, seed, small } = flags;
    const files = new RunFolder(out, { resume, data, compare });
    const asked = { epochs, steps: stepsAsked, batch, lr, seed, small };
    const result = await runRecipe(name, { ...asked, device, files, signal, log, progress });
    bar.stop();
    if (signal.aborted) {
      // A half run is no result.
      console.log(`saved at step ${result.steps}; go on with: wgrad train ${name} --resume ${out}`);
      return INTERRUPTED;
    }
    console.log(`run folder: ${out}`);
    const { metrics, baseline, steps, seconds, seed: seedUsed, weightsSha256 } = result;
    const report = {
      recipe: name,
      metrics,
      baseline,
      steps,
      seconds,
      adapter: device.name,
      tuning: device.tuning.hash,
      seed: seedUsed,
      weightsSha256,
    };
    if (json) writeJson(json, report);
    return 0;
  } finally {
    bar.stop();
    off();
    device.destroy();
  }
}
