// Records Home's run and the self-test as program files: `tsx site/build/record.ts FOLDER`. A process of its own, since it needs a
// device, be it a software adapter: kernels are only chosen and written down here.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Device, withDevice } from "../../src/gpu/device.ts";
import { requestDevice } from "../../src/hosts/node.ts";
import { ensureSoftwareDriver } from "../../src/hosts/software.ts";
import { exportPrograms } from "../../src/io/program_file.ts";
import { type Compiled, compile } from "../../src/tensor/compile.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { piecesOf } from "../engine/batches.ts";
import { CHUNK, outputsOf, scoreInto } from "../engine/judging.ts";
import { Meter } from "../engine/meter.ts";
import { Network } from "../engine/network.ts";
import { mnistPictures, PIXELS } from "../engine/pictures.ts";
import {
  type AboutRun,
  type Kind,
  LAYERS,
  nameOfRun,
  nameOfTest,
  SCORE,
  SCORE_METER,
  STEP,
  STEPS_METER,
} from "../engine/replay/recordings.ts";
import { stepsAPoint } from "../engine/run/records.ts";
import { infoOf } from "../engine/run/run_report.ts";
import { OPTIMIZER } from "../engine/run/snapshot.ts";
import { opsOf } from "../engine/self_test/self_test.ts";
import { numbers } from "../engine/self_test/self_test_cases.ts";
import { DEFAULT_CONFIG } from "../frame/hash.ts";
import { digits } from "./digits.ts";

/** A function of the model in evaluation mode, whatever mode the run is in. */
function evaluating<A extends Tensor[], R>({ model }: Network, fn: (...args: A) => R): Compiled<A, R> {
  return compile((...args: A) => {
    model.eval();
    const result = fn(...args);
    model.train();
    return result;
  });
}

async function recordedRun(device: Device, bytes: Uint8Array): Promise<Uint8Array> {
  const pictures = mnistPictures(bytes);
  const network = new Network(device, DEFAULT_CONFIG, pictures);
  const { model, optimizer } = network;
  const meter = withDevice(device, () => new Meter(device));
  await network.prepare(network.compiled);
  const { x, y } = network.batches.at(0);
  const [piece] = piecesOf(pictures.validation, CHUNK, pictures.standardised);
  const score = evaluating(network, (x: Tensor, y: Tensor) => scoreInto(meter, model, x, y));
  const layers = evaluating(network, (x: Tensor) => outputsOf(model, x));
  const picture = { data: new Float32Array(PIXELS), shape: [1, 1, 28, 28] };
  const named = (prefix: string, tensors: Iterable<readonly [string, Tensor]>) =>
    [...tensors].map(([name, t]) => [prefix + name, t] as const);
  const about: AboutRun = {
    ...{ config: DEFAULT_CONFIG, info: infoOf(network), every: stepsAPoint(network) },
    rates: ratesOf(new Network(device, DEFAULT_CONFIG, pictures)),
  };
  return withDevice(device, () =>
    exportPrograms(
      {
        [STEP]: [network.compiled, x, y],
        [SCORE]: [score, piece!.x, piece!.y],
        [LAYERS]: [layers, picture],
      },
      {
        runs: { [STEP]: network.totalSteps },
        about,
        state: [
          ...model.stateDict(),
          ...named(OPTIMIZER, optimizer.stateTensors()),
          ...named(STEPS_METER, network.meter.totals()),
          ...named(SCORE_METER, meter.totals()),
        ],
      },
    ),
  );
}

/** The rate of every step of a run. */
function ratesOf(network: Network): number[] {
  return Array.from({ length: network.totalSteps }, () => {
    const { rate } = network;
    network.forward(1);
    return rate;
  });
}

async function recordedTest(device: Device): Promise<Uint8Array> {
  const ops = Object.entries(opsOf(numbers()));
  return withDevice(device, () =>
    exportPrograms(Object.fromEntries(ops.map(([name, op]) => [name, [compile(op())] as const])), {
      runs: 1,
    }),
  );
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("record.ts: which folder?");
await ensureSoftwareDriver({ install: true }).catch(() => null); // a real GPU may be there
const { gpu, adapter } = await requestDevice({ features: "none" });
const pictures = await digits();
mkdirSync(folder, { recursive: true });
for (const kind of ["software", "hardware"] satisfies Kind[]) {
  const device = new Device(gpu, { ...adapter, software: kind === "software" }, {});
  writeFileSync(join(folder, nameOfRun(kind)), await recordedRun(device, pictures));
  writeFileSync(join(folder, nameOfTest(kind)), await recordedTest(device));
}
process.exit(0); // Dawn keeps the process otherwise
