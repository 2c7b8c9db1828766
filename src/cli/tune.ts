// `wgrad tune [steps...]`: records the steps, measures the variants of every class of shapes they meet, prints what was found
// and keeps it in the user's cache folder, where `requestDevice({ autotune: true })` looks. How: src/kernels/tuning_trial.ts.

import { type Device, setDefaultDevice } from "../gpu/device.ts";
import { OptionError } from "../gpu/errors.ts";
import type { MetClass } from "../gpu/tuning.ts";
import { adapterKey, DEFAULT, tuningTable } from "../gpu/tuning_table.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { keepEntries } from "../hosts/autotune.ts";
import { describeDevice } from "../hosts/node.ts";
import { tuningFiles } from "../hosts/tuning_file.ts";
import { type MeasuredClass, measureClasses } from "../kernels/tuning.ts";
import { compile } from "../tensor/compile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { STEP_NAMES, stepName, trainingStep } from "../train/recipes/steps.ts";
import { writableFile, writeJson } from "./files.ts";
import { openOrInstall } from "./open_device.ts";

/** The options as the command line has them, numbers checked. */
export interface TuneFlags {
  adapter?: AdapterKind;
  only?: string;
  rounds?: number;
  json?: string;
}

/** Measures, prints and keeps. Throws OptionError and DeviceError. */
export async function tune(names: string[], { adapter, only, rounds, json }: TuneFlags): Promise<void> {
  const steps = (names.length > 0 ? names : STEP_NAMES).map((name) => stepName(name, "tune"));
  const jsonFile = json === undefined ? undefined : writableFile("--json", json);
  const device = await openOrInstall(adapter);
  setDefaultDevice(device, true); // models are made on it
  try {
    console.log(`adapter: ${describeDevice(device)}`);
    const met = (await classesOf(device, steps)).filter((m) => textOf(m).includes(only ?? ""));
    if (met.length === 0)
      throw new OptionError(`--only: none of the classes of ${steps.join(", ")} holds ${only}`);
    console.log(`${met.length} ${met.length === 1 ? "class" : "classes"} of shapes in ${steps.join(", ")}\n`);
    const measured: MeasuredClass[] = [];
    const note = (m: MeasuredClass) => {
      measured.push(m);
      console.log(line(m, Math.max(...met.map((each) => textOf(each).length))));
    };
    const entries = await measureClasses(device, met, { rounds, onMeasured: note });
    device.tuning.add(entries);
    const { hash } = device.tuning;
    if (jsonFile) {
      const table = tuningTable(entries, adapterKey(device.adapter));
      writeJson(jsonFile, { adapter: device.name, hash, table, measured });
    }
    const changed = measured.filter((m) => m.variant !== DEFAULT).length;
    console.log(
      `\n${changed} of ${measured.length} classes have a faster variant than the default; hash ${hash}`,
    );
    console.log(`kept in ${await keepEntries(device, tuningFiles(), entries)}`);
  } finally {
    device.destroy();
  }
}

/** What the steps ask the tuning for. */
async function classesOf(device: Device, steps: readonly string[]): Promise<readonly MetClass[]> {
  device.tuning.start(null);
  for (const name of steps) {
    const step = await trainingStep(name);
    const compiled = compile((x: Tensor, y: Tensor) => step.run(x, y));
    await compiled.prepare(...step.inputs);
  }
  return device.tuning.unmeasured;
}

const textOf = ({ family, shapeClass }: MetClass | MeasuredClass) => `${family}  ${shapeClass}`;

function line(m: MeasuredClass, width: number): string {
  const { own, variant, gain, defaultMs, refused } = m;
  const faults = Object.entries(refused).map(([name, why]) => `\n    refused ${name}: ${why}`);
  const result = variant === DEFAULT ? `${own} stays` : `${own} -> ${variant}, ${gain.toFixed(2)}x`;
  return `${textOf(m).padEnd(width)}  ${defaultMs.toFixed(2).padStart(8)} ms  ${result}${faults.join("")}`;
}
