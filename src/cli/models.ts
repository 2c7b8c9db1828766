// `wgrad models`: the architectures there are, with what they weigh and cost. Nothing is trained or run.

import { setDefaultDevice } from "../gpu/device.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { CATALOGUE } from "../models/catalogue.ts";
import { type ModelFacts, modelFacts } from "../train/model_facts.ts";
import { writableFile, writeJson } from "./files.ts";
import { openOrInstall } from "./open_device.ts";

export interface ModelsFlags {
  adapter?: AdapterKind;
  json?: string;
}

/** Prints a line a model; `--json` writes the list. Throws OptionError for a file that cannot be written. */
export async function models({ adapter, json }: ModelsFlags): Promise<void> {
  const file = json === undefined ? undefined : writableFile("--json", json);
  const device = await openOrInstall(adapter);
  setDefaultDevice(device, true);
  try {
    console.log(HEADING);
    const all: ModelFacts[] = [];
    for (const name of Object.keys(CATALOGUE)) {
      const facts = modelFacts(name, device);
      all.push(facts);
      console.log(line(facts));
    }
    if (file) writeJson(file, all);
  } finally {
    device.destroy();
  }
}

const HEADING = `${"model".padEnd(24)}${["parameters", "entries", "GFLOP", "activations"].map((h) => h.padStart(14)).join("")}   of one sample`;

function line({ name, parameters, entries, inputs, flops, activationBytes, fault }: ModelFacts): string {
  const shapes = inputs.map((shape) => `[${shape.join(", ")}]`).join(" ");
  const cells = [
    parameters.toLocaleString("en"),
    String(entries),
    flops === null ? "-" : (flops / 1e9).toPrecision(3),
    activationBytes === null ? "-" : `${(activationBytes / 1e6).toPrecision(3)} MB`,
  ];
  return `${name.padEnd(24)}${cells.map((c) => c.padStart(14)).join("")}   ${fault ?? shapes}`;
}
