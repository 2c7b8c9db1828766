// `wgrad selftest`: the op table on this machine's adapter: values, gradients and gradients of gradients against float64.

import { OptionError } from "../gpu/errors.ts";
import type { AdapterKind } from "../hosts/adapter.ts";
import { describeDevice } from "../hosts/node.ts";
import type { RecordReport } from "../selftest/check.ts";
import { writableFile, writeJson } from "./files.ts";
import { openOrInstall } from "./open_device.ts";

export interface SelftestFlags {
  adapter?: AdapterKind;
  json?: string;
  only?: string;
}

const NAME_WIDTH = 26;

function line({
  op,
  cases,
  forwardError,
  gradientError,
  doubleGradientError,
  failures,
}: RecordReport): string {
  const error = (e: number) => e.toExponential(1).padStart(8);
  const errors = `${error(forwardError)} ${error(gradientError)} ${error(doubleGradientError)}`;
  const mark = failures.length > 0 ? "FAIL" : "ok  ";
  return [`${mark} ${op.padEnd(NAME_WIDTH)} ${String(cases).padStart(4)} cases ${errors}`, ...failures].join(
    "\n     ",
  );
}

/** Checks every op, or those whose name holds `only`; prints a line each; 1 if one is wrong. Throws OptionError. */
export async function selftest(flags: SelftestFlags): Promise<number> {
  const json = flags.json === undefined ? undefined : writableFile("--json", flags.json);
  const { records } = await import("../selftest/tables/index.ts");
  const { checkRecord } = await import("../selftest/check.ts");
  const chosen = records.filter((r) => r.name.toLowerCase().includes((flags.only ?? "").toLowerCase()));
  if (chosen.length === 0) throw new OptionError(`selftest: no op is named like ${flags.only}`);
  const device = await openOrInstall(flags.adapter);
  console.log(`adapter: ${describeDevice(device)}`);
  console.log(`     ${"op".padEnd(NAME_WIDTH)}  ${"worst error:  forward gradient   second".padStart(46)}`);
  try {
    const reports: RecordReport[] = [];
    for (const record of chosen) {
      const report = await checkRecord(record, device);
      reports.push(report);
      console.log(line(report));
    }
    const failed = reports.filter((r) => r.failures.length > 0).length;
    const passed = reports.length - failed;
    const ops = reports.map(({ failures, ...rest }) => ({ ...rest, ok: failures.length === 0 }));
    const skipped = records.length - chosen.length;
    if (json) writeJson(json, { adapter: device.name, passed, failed, skipped, ops });
    console.log(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}
