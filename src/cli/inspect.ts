// `wgrad inspect <step>`: the captured training step as a listing, as JSON, as a Chrome trace; one shader of it; its memory.
// What is measured, and how: src/train/inspect.ts.

import type { ChromeTrace } from "../gpu/chrome_trace.ts";
import { chromeTrace } from "../gpu/chrome_trace.ts";
import { OptionError } from "../gpu/errors.ts";
import type { ListedDispatch, ProgramListing } from "../gpu/listing.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { describeDevice } from "../hosts/node.ts";
import { type Inspection, inspectStep } from "../train/inspect.ts";
import { stepName, type TrainingStep, trainingStep } from "../train/recipes/steps.ts";
import { writableFile, writeJson, writeWhole } from "./files.ts";
import { kernelText, listingText, totalsText } from "./listing_text.ts";
import { memoryText } from "./memory_text.ts";
import { openOrInstall } from "./open_device.ts";

/** The options as the command line has them, numbers checked. */
export interface InspectFlags {
  adapter?: AdapterKind;
  wgsl?: number;
  json?: string;
  trace?: string;
  /** False for `--no-fuse`. */
  fuse: boolean;
  memory?: boolean;
  replays?: number;
  autotune?: boolean;
}

/** Where `--json` goes instead of a file. */
const STDOUT = "-";

/** Prints what was asked for. Throws OptionError and DeviceError. */
export async function inspect(name: string, flags: InspectFlags): Promise<void> {
  stepName(name);
  process.stdout.on("error", endOfPipe);
  const { wgsl, memory, fuse, trace, json } = flags;
  if (wgsl !== undefined && (json !== undefined || trace !== undefined || memory))
    throw new OptionError("inspect: --wgsl prints a shader alone: leave out --json, --trace and --memory");
  const jsonFile = json === undefined || json === STDOUT ? undefined : writableFile("--json", json);
  const traceFile = trace === undefined ? undefined : writableFile("--trace", trace);
  const alone = json === STDOUT || wgsl !== undefined; // for a program to read: nothing else on stdout
  const device = await openOrInstall(flags.adapter, alone ? console.error : console.log, flags.autotune);
  try {
    if (traceFile && !device.features.has("timestamp-query"))
      throw new OptionError(`--trace: ${device.name} has no timestamp-query`);
    const step = await trainingStep(name);
    const replays = wgsl !== undefined ? 0 : flags.replays;
    const inspection = await inspectStep(device, step, { fuse, replays });
    const { listing, program, replay } = inspection;
    if (wgsl !== undefined) {
      console.log(shaderText(listing, wgsl));
      return;
    }
    const report = {
      step: name,
      title: step.title,
      adapter: device.name,
      tuning: device.tuning.hash,
      calls: inspection.calls,
      ...listing,
    };
    if (jsonFile) writeJson(jsonFile, report);
    if (traceFile && replay)
      writeTrace(traceFile, chromeTrace(program, replay, `${step.title} on ${device.name}`));
    if (json === STDOUT) console.log(JSON.stringify(report, null, 2));
    else print(describeDevice(device), step, inspection, memory ?? false);
  } finally {
    device.destroy();
  }
}

/** `wgrad inspect gpt | head`: the reader has seen enough. */
function endOfPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}

function print(adapter: string, step: TrainingStep, { listing, calls }: Inspection, memory: boolean): void {
  console.log(`adapter: ${adapter}\n${step.title}\n`);
  console.log(memory ? memoryText(listing) : listingText(listing));
  console.log(`\n${totalsText(listing, calls)}`);
}

function writeTrace(file: string, trace: ChromeTrace): void {
  writeWhole("--trace", file, JSON.stringify(trace));
}

/** The text that was compiled, below what the dispatch gives it. Throws OptionError for a line that is not there. */
function shaderText({ dispatches, pipelines }: ProgramListing, at: number): string {
  const d = dispatches[at];
  if (!d) throw new OptionError(`--wgsl: must be a line from 0 to ${dispatches.length - 1}, got ${at}`);
  const { file, wgsl, overrides } = pipelines[d.pipeline];
  return `${header(d, file, overrides)}\n\n${wgsl}`;
}

function header(d: ListedDispatch, file: string, overrides: Readonly<Record<string, number>>): string {
  const lines = [`${d.at}: ${d.label}`, `${kernelText(d)} (${file}), grid ${d.grid.join(" x ")}`];
  for (const { name, access, shape, type, bytes, given } of d.bindings) {
    const what = shape && type ? `${type} [${shape.join(", ")}]` : `${bytes} bytes`;
    lines.push(`  ${access === "read" ? "reads " : "writes"} ${name}: ${given ? what : "not given"}`);
  }
  const listed = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value === "host" ? "(every run anew)" : value}`)
      .join(" ");
  if (Object.keys(d.params).length > 0) lines.push(`  params ${listed(d.params)}`);
  if (Object.keys(overrides).length > 0) lines.push(`  overrides ${listed(overrides)}`);
  return lines.map((line) => `// ${line}`).join("\n");
}
