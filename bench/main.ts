// `npm run bench`: wgrad beside its peers in a browser, and the kernels as shares of what the adapter can do at all in the same
// run; with --node the kernels alone, under Node. Exit code 0 measured, 1 a kernel computes something wrong, 2 a fault of the
// call or the machine. How to read it: README.md.
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command, Option } from "commander";
import { positiveInteger } from "../src/cli/numbers.ts";
import type { Device } from "../src/gpu/device.ts";
import { OptionError, WgradError } from "../src/gpu/errors.ts";
import type { ProgramMemory } from "../src/gpu/program_slabs.ts";
import { ADAPTER_KINDS, type AdapterKind } from "../src/hosts/adapter.ts";
import { describeDevice, requestDevice } from "../src/hosts/node.ts";
import { BenchBrowser } from "./browser.ts";
import { fusedTable } from "./fused_table.ts";
import { htmlReport } from "./html.ts";
import { SWEEPS, type Sweep } from "./kernels.ts";
import { measure } from "./measure.ts";
import { peerTables } from "./peer_tables.ts";
import { LIBRARIES, type LibraryName } from "./peers/job.ts";
import { WORK_NAMES } from "./peers/operands.ts";
import { json, replayLine, short, table, verdict } from "./report.ts";
import { type PeerRow, rowsOf } from "./rows.ts";
import { type Result, runSweep, type SweepCall } from "./sweep.ts";
import { trainSteps, trainTable } from "./train.ts";

interface Flags {
  readonly node?: boolean;
  readonly json?: string;
  readonly html?: string;
  readonly only?: string;
  readonly libraries: readonly LibraryName[];
  readonly rounds: number;
  readonly limit: number;
  readonly sweep: Sweep;
  readonly adapter?: AdapterKind | "default";
  readonly browser?: string;
  readonly headful?: boolean;
  readonly train?: boolean;
  readonly fused?: boolean;
}

const DEFAULT_ROUNDS = 9;
const DEFAULT_LIMIT_S = 90;
const DEFAULT_HTML = "runs/bench.html";
const SWEEP_LIMIT_MS = 3_600_000;
const OPEN_LIMIT_MS = 60_000;

const program = new Command("bench")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .description(
    "Times wgrad beside other libraries in a browser, and its kernels against the roofs of the adapter.",
  )
  .option("--node", "the kernels alone, under Node")
  .option("--json <file>", "write the result as JSON")
  .option("--html <file>", `in the browser: where to write the report, default ${DEFAULT_HTML}`)
  .option("--only <pattern>", "works and kernels whose name or shape matches this regular expression")
  .addOption(
    new Option("--libraries <names...>", "in the browser: only these")
      .choices(LIBRARIES)
      .default([...LIBRARIES]),
  )
  .option("--rounds <n>", "interleaved rounds", positiveInteger, DEFAULT_ROUNDS)
  .option(
    "--limit <s>",
    "seconds a library has for the first calls of a work",
    positiveInteger,
    DEFAULT_LIMIT_S,
  )
  .addOption(new Option("--sweep <range>", "which kernels").choices(SWEEPS).default("quick"))
  .addOption(
    new Option(
      "--adapter <kind>",
      "where to compute; in the browser swiftshader, or default: what it gives",
    ).choices([...ADAPTER_KINDS, "default"]),
  )
  .option("--browser <path>", "the browser to drive")
  .option("--headful", "show the browser")
  .option("--train", "under Node: also the training step of the digits, eager against compiled")
  .option("--fused", "under Node: the fused kernels beside their compositions, and nothing else")
  .action(main);

async function main(flags: Flags): Promise<void> {
  if (flags.json) accessSync(dirname(resolve(flags.json)), constants.W_OK); // before minutes of measuring
  const { only = "", rounds, sweep } = flags;
  const call = { only, rounds, sweep };
  new RegExp(only); // a wrong one ends here
  if (flags.fused) {
    console.log(await fusedTable(await deviceOf(flags), new RegExp(only, "i"), rounds, progress));
    return;
  }
  const { result, peers } = flags.node ? await underNode(flags, call) : await inBrowser(flags, call);
  console.log(`\n${replayLine(result)}\n${verdict(result)}`);
  if (flags.json) writeFileSync(flags.json, json(result, peers));
}

interface Outcome {
  readonly result: Result;
  readonly peers: readonly PeerRow[];
}

async function underNode(flags: Flags, call: SweepCall): Promise<Outcome> {
  const device = await deviceOf(flags);
  const result = await runSweep(device, call, progress);
  progress("");
  console.log(table(result));
  if (flags.train) {
    const steps = await trainSteps();
    const times = await measure(device, steps, call.rounds, (done) => progress(`round ${done}`));
    progress("");
    console.log(`\n${trainTable(steps, times)}`);
  }
  return { result, peers: [] };
}

async function deviceOf({ adapter }: Flags): Promise<Device> {
  if (adapter === "default") throw new OptionError("bench: --adapter default is for the browser");
  const device = await requestDevice({ adapter });
  console.log(describeDevice(device));
  return device;
}

async function inBrowser(flags: Flags, call: SweepCall): Promise<Outcome> {
  const { adapter = "swiftshader", browser: path, headful } = flags;
  if (adapter !== "swiftshader" && adapter !== "default")
    throw new OptionError(`bench: --adapter in the browser is swiftshader or default, got ${adapter}`);
  progress("building the page");
  const browser = await BenchBrowser.start({ browser: path, adapter, headful });
  try {
    const pattern = new RegExp(call.only, "i");
    const peers: PeerRow[] = [];
    const plans = new Map<string, ProgramMemory>();
    const onPlan = (work: string, memory: ProgramMemory) => plans.set(work, memory);
    const options = {
      rounds: call.rounds,
      limitMs: 1000 * flags.limit,
      libraries: flags.libraries,
      progress,
      onPlan,
    };
    for (const work of WORK_NAMES.filter((w) => pattern.test(w))) {
      const rows = await rowsOf(browser, work, options);
      peers.push(...rows);
      news(rows);
    }
    progress("kernels");
    const page = await browser.open("wgrad", OPEN_LIMIT_MS);
    const result = await page.call("sweep", SWEEP_LIMIT_MS, call);
    progress("");
    console.log(result.adapter);
    if (peers.length > 0) console.log(`${peerTables(peers)}\n`);
    console.log(table(result));
    const html = flags.html ?? DEFAULT_HTML;
    mkdirSync(dirname(resolve(html)), { recursive: true });
    writeFileSync(html, htmlReport(result, peers, plans));
    console.log(`\nreport: ${html}`);
    return { result, peers };
  } finally {
    await browser.close();
  }
}

/** On a terminal only: one line that the next one overwrites. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Where nobody watches a line, what is done so far: a whole run takes minutes. */
function news(rows: readonly PeerRow[]): void {
  if (process.stderr.isTTY) return;
  const times = rows.map((r) => `${r.library} ${r.ms === null ? (r.reason ?? "-") : `${short(r.ms)} ms`}`);
  console.error(`${rows[0]!.work}: ${times.join(", ")}`);
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
