// The whole table on one device, and its reports in short. Host independent.
import type { Device } from "../gpu/device.ts";
import { checkRecord, type RecordReport } from "./check.ts";
import { records } from "./tables/index.ts";

export interface TableReport {
  readonly adapter: string;
  readonly reports: readonly RecordReport[];
}

export async function checkTable(device: Device): Promise<TableReport> {
  const reports: RecordReport[] = [];
  for (const record of records) reports.push(await checkRecord(record, device));
  return { adapter: device.name, reports };
}

/** `op: failure`, one a line. */
export function failuresOf({ reports }: TableReport): string[] {
  return reports.flatMap((r) => r.failures.map((text) => `${r.op}: ${text}`));
}

/** One line: rows, cases, the largest errors and whose they are. */
export function summary({ adapter, reports }: TableReport): string {
  const cases = reports.reduce((n, r) => n + r.cases, 0);
  const worst = (key: "forwardError" | "gradientError" | "doubleGradientError") => {
    const r = reports.reduce((a, b) => (b[key] > a[key] ? b : a));
    return `${r[key].toExponential(1)} (${r.op})`;
  };
  return [
    `${adapter}: ${reports.length} ops, ${cases} cases`,
    `forward ${worst("forwardError")}`,
    `gradient ${worst("gradientError")}`,
    `second gradient ${worst("doubleGradientError")}`,
  ].join(", ");
}
