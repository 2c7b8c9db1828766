// `npm run bench -- --node`: how fast the kernels are, as a share of what the adapter can do at all in the same run.
// Exit code 0 measured, 1 a kernel computes something wrong, 2 a fault of the call or the machine. How to read it: README.md.
import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import { positiveInteger } from "../src/cli/numbers.ts";
import type { Device } from "../src/gpu/device.ts";
import { WgradError } from "../src/gpu/errors.ts";
import { ADAPTER_KINDS, type AdapterKind } from "../src/hosts/adapter.ts";
import { describeDevice, requestDevice } from "../src/hosts/node.ts";
import { type Bench, benches, check } from "./kernels.ts";
import { type Candidate, gpuTime, measure } from "./measure.ts";
import { json, type Result, type Row, table, verdict } from "./report.ts";
import { knownPeak, peak, stream } from "./roofs.ts";
import { trainSteps, trainTable } from "./train.ts";

interface Flags {
  readonly node?: boolean;
  readonly json?: string;
  readonly only?: string;
  readonly rounds: number;
  readonly adapter?: AdapterKind;
  readonly train?: boolean;
}

const DEFAULT_ROUNDS = 9;

const program = new Command("bench")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .description("Times the kernels against the roofs of the adapter, measured in the same run.")
  .option("--node", "run under Node")
  .option("--json <file>", "write the result as JSON")
  .option("--only <pattern>", "kernels whose name or shape matches this regular expression")
  .option("--rounds <n>", "interleaved rounds", positiveInteger, DEFAULT_ROUNDS)
  .addOption(new Option("--adapter <kind>", "where to compute").choices(ADAPTER_KINDS))
  .option("--train", "also the training step of the digits, eager against compiled")
  .action(main);

async function main(flags: Flags): Promise<void> {
  if (!flags.node) console.log("bench: there is no browser mode yet; running under Node");
  if (flags.json) accessSync(dirname(resolve(flags.json)), constants.W_OK); // before minutes of measuring
  const device = await requestDevice({ adapter: flags.adapter });
  console.log(describeDevice(device));
  const pattern = new RegExp(flags.only ?? "", "i");
  const chosen = benches.filter((b) => pattern.test(`${b.kernel} ${b.shape}`));
  const [first, second, ...rows] = await rowsOf(device, [peak, stream, ...chosen], flags.rounds);
  const result: Result = { adapter: device.name, peak: first!, stream: second!, rows };
  console.log(table(result));
  if (flags.train) {
    const steps = await trainSteps();
    console.log(`\n${trainTable(steps, await measure(device, steps, flags.rounds, progress))}`);
  }
  console.log(`\n${verdict(result, knownPeak(device))}`);
  if (flags.json) writeFileSync(flags.json, json(result));
}

async function rowsOf(device: Device, list: readonly Bench[], rounds: number): Promise<Row[]> {
  const candidates: Candidate[] = [];
  for (const bench of list) {
    const name = `${bench.kernel} ${bench.shape}`;
    progress(0, `checking ${name}`);
    const ready = bench.setup();
    await check(name, ready);
    candidates.push({ name, run: ready.run });
  }
  const times = await measure(device, candidates, rounds, progress);
  const rows: Row[] = [];
  for (const [i, bench] of list.entries()) {
    rows.push({ bench, times: times[i]!, gpu: await gpuTime(device, candidates[i]!) });
  }
  progress(0, "");
  return rows;
}

/** On a terminal only: one line that the next one overwrites. */
function progress(done: number, text = `round ${done}`): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

try {
  await program.parseAsync();
  process.exit(0); // Dawn's threads would keep the process
} catch (error) {
  const ofCaller = error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined; // pattern, file
  const expected = error instanceof WgradError || ofCaller;
  console.error(expected ? `bench: ${(error as Error).message}` : error);
  process.exit(expected ? 2 : 1);
}
