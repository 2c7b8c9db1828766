// A self-test's report as text: a line an op, what failed, one line of all.
import type { OpReport, SelftestReport } from "./run.ts";

const NAME_WIDTH = 26;
const COLUMNS = ["forward", "gradient", "second", "f16"] as const;

export function heading(): string {
  const columns = COLUMNS.map((c) => c.padStart(9)).join("");
  return `     ${"op".padEnd(NAME_WIDTH)} cases  worst error:\n${" ".repeat(37)}${columns}`;
}

/** `ok   softmax   12 cases  6.0e-8 ...`, and what is wrong, a line each. */
export function opLine(r: OpReport): string {
  const errors = [r.forwardError, r.gradientError, r.doubleGradientError].map((e) => e.toExponential(1));
  const half = r.f16 === "native" ? r.halfError.toExponential(1) : r.f16 === "absent" ? "" : "-";
  const columns = [...errors, half].map((e) => e.padStart(9)).join("");
  const line = `${r.ok ? "ok  " : "FAIL"} ${r.op.padEnd(NAME_WIDTH)} ${String(r.cases).padStart(5)}${columns}`;
  return [line, ...r.failures].join("\n     ");
}

/** `262 passed, 0 failed` */
export function lastLine({ passed, failed }: SelftestReport): string {
  return `${passed} passed, ${failed} failed`;
}

/** `op: failure`, one a line. */
export function failuresOf({ ops }: SelftestReport): string[] {
  return ops.flatMap((r) => r.failures.map((text) => `${r.op}: ${text}`));
}

/** One line: rows, cases, the largest errors and whose they are. */
export function summary({ adapter, ops }: Pick<SelftestReport, "adapter" | "ops">): string {
  const cases = ops.reduce((n, r) => n + r.cases, 0);
  const worst = (key: "forwardError" | "gradientError" | "doubleGradientError") => {
    const r = ops.reduce((a, b) => (b[key] > a[key] ? b : a));
    return `${r[key].toExponential(1)} (${r.op})`;
  };
  return [
    `${adapter}: ${ops.length} ops, ${cases} cases`,
    `forward ${worst("forwardError")}`,
    `gradient ${worst("gradientError")}`,
    `second gradient ${worst("doubleGradientError")}`,
  ].join(", ");
}
