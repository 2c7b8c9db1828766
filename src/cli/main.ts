#!/usr/bin/env node
// The command `wgrad`: reads the command line, calls the command, turns errors into one line and an exit code.
// 0 done; 1 a fault of wgrad (with its stack); 2 a fault of the call or the machine; 130 ended by Ctrl-C.
import { Command, CommanderError, Option } from "commander";
import { version } from "../../package.json";
import { WgradError } from "../gpu/errors.ts";
import { ADAPTER_KINDS } from "../hosts/adapter.ts";
import { RECIPE_NAMES } from "../train/recipes/index.ts";
import { STEP_NAMES } from "../train/recipes/steps.ts";
import { devices, probe } from "./devices.ts";
import { type InspectFlags, inspect } from "./inspect.ts";
import { type ModelsFlags, models } from "./models.ts";
import { place, positiveInteger, positiveNumber, seed } from "./numbers.ts";
import { type SelftestFlags, selftest } from "./selftest.ts";
import { type TrainFlags, train } from "./train.ts";
import { type TuneFlags, tune } from "./tune.ts";

const FAULT_OF_WGRAD = 1;
const FAULT_OF_CALLER = 2;

const AUTOTUNE = "use the kernels that `wgrad tune` chose, and measure the shapes that it did not";

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}

let exitCode = 0;

function trainCommand(program: Command): void {
  program
    .command("train")
    .description(`train a network from scratch: ${RECIPE_NAMES.join(", ")}`)
    .argument("<recipe>", "what to train")
    .option("--epochs <n>", "passes over the training data", positiveInteger)
    .option("--steps <n>", "steps of training, for recipes that count these", positiveInteger)
    .option("--batch <n>", "samples a step", positiveInteger)
    .option("--lr <x>", "highest learning rate", positiveNumber)
    .option("--seed <n>", "seed of weights, order and dropout", seed)
    .addOption(new Option("--adapter <kind>", "where to compute").choices(ADAPTER_KINDS))
    .option("--out <folder>", "run folder (default: a new one under runs/)")
    .option("--resume <path>", "go on from a checkpoint, or from the run folder that holds it")
    .option("--small", "a run of seconds on little data, to see that all works")
    .option("--compare <run>", "draw the curves of another run folder beside this one's")
    .option("--json <file>", "write the result as one JSON object")
    .option("--data <folder>", "folder with the data set's own files")
    .option("--autotune", AUTOTUNE)
    .action(async (recipe: string, flags: TrainFlags) => {
      exitCode = await train(recipe, flags);
    });
}

function selftestCommand(program: Command): void {
  program
    .command("selftest")
    .description(
      "check every op on this machine's adapter against float64: values, gradients, second gradients",
    )
    .addOption(new Option("--adapter <kind>", "where to compute").choices(ADAPTER_KINDS))
    .option("--only <text>", "only the ops whose name holds this")
    .option("--json <file>", "write the report as JSON")
    .action(async (flags: SelftestFlags) => {
      exitCode = await selftest(flags);
    });
}

function inspectCommand(program: Command): void {
  program
    .command("inspect")
    .description(`list a captured training step, dispatch by dispatch: ${STEP_NAMES.join(", ")}`)
    .argument("<step>", "the step of a recipe, or a small one that the bench times")
    .addOption(new Option("--adapter <kind>", "where to compute").choices(ADAPTER_KINDS))
    .option("--no-fuse", "the step as it was recorded")
    .option("--wgsl <n>", "print the shader of line n as it was compiled, and nothing else", place)
    .option("--memory", "print the life of every buffer instead of the dispatches")
    .option("--json <file>", "write the listing with all shaders as JSON; - for the standard output")
    .option("--trace <file>", "write a profiled replay as a Chrome trace (Perfetto, chrome://tracing)")
    .option("--autotune", AUTOTUNE)
    .option("--replays <n>", "replays to time, of which the median counts (default: 9)", positiveInteger)
    .action(inspect satisfies (step: string, flags: InspectFlags) => Promise<void>);
}

function tuneCommand(program: Command): void {
  program
    .command("tune")
    .description(
      "measure which kernel variants are fastest here, and keep that for --autotune and autotune: true",
    )
    .argument("[steps...]", `steps whose shapes are measured (default: ${STEP_NAMES.join(" ")})`)
    .addOption(new Option("--adapter <kind>", "where to compute").choices(ADAPTER_KINDS))
    .option("--only <text>", "only families and classes of shapes that hold this, such as conv2d")
    .option("--rounds <n>", "rounds of the final (default: 15)", positiveInteger)
    .option("--json <file>", "write the table and the measurements as JSON")
    .action(tune satisfies (steps: string[], flags: TuneFlags) => Promise<void>);
}

function modelsCommand(program: Command): void {
  program
    .command("models")
    .description("list the architectures with parameters, state-dict entries, FLOP and bytes of activations")
    .addOption(new Option("--adapter <kind>", "whose limits count").choices(ADAPTER_KINDS))
    .option("--json <file>", "write the list as JSON")
    .action(models satisfies (flags: ModelsFlags) => Promise<void>);
}

function devicesCommands(program: Command): void {
  program
    .command("devices")
    .description("list adapters with features and limits; * is the one that is used")
    .option("--json <file>", "write the list as JSON")
    .action(devices);
  program
    .command("probe-adapter", { hidden: true })
    .argument("<driver>")
    .argument("<power>")
    .action(async (driver: string, power: GPUPowerPreference) => {
      process.stdout.write(JSON.stringify(await probe(driver, power)));
    });
}

function wgrad(): Command {
  const program = new Command("wgrad")
    .description("Train neural networks from scratch on the GPU through WebGPU.")
    .version(version)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`wgrad: ${oneLine(text).replace(/^error: /, "")}\n`),
    });
  trainCommand(program);
  selftestCommand(program);
  inspectCommand(program);
  tuneCommand(program);
  modelsCommand(program);
  devicesCommands(program);
  return program;
}

function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAULT_OF_CALLER; // already printed
  if (error instanceof WgradError) {
    process.stderr.write(`wgrad: ${oneLine(error.message)}\n`);
    return FAULT_OF_CALLER;
  }
  process.stderr.write(`wgrad: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return FAULT_OF_WGRAD;
}

try {
  await wgrad().parseAsync();
} catch (error) {
  exitCode = fail(error);
}
process.exitCode = exitCode;
