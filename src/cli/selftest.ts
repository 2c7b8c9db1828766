// `wgrad selftest`: the op table on this machine's adapter: values, gradients and gradients of gradients against float64.

import type { AdapterKind } from "../hosts/adapter.ts";
import { describeDevice } from "../hosts/node.ts";
import { writableFile, writeJson } from "./files.ts";
import { openOrInstall } from "./open_device.ts";

export interface SelftestFlags {
  adapter?: AdapterKind;
  json?: string;
  only?: string;
}

/** Checks every op, or those whose name holds `only`; prints a line each; 1 if one is wrong. Throws OptionError. */
export async function selftest({ adapter, json, only }: SelftestFlags): Promise<number> {
  const file = json === undefined ? undefined : writableFile("--json", json);
  const { selftest, heading, lastLine, opLine } = await import("../selftest/index.ts");
  const device = await openOrInstall(adapter);
  console.log(`adapter: ${describeDevice(device)}`);
  console.log(heading());
  try {
    const report = await selftest({ device, only, progress: (op) => console.log(opLine(op)) });
    if (file) writeJson(file, report);
    console.log(lastLine(report));
    return report.failed > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}
