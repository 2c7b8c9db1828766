// The report as text: what one pastes into a question about this device.

import type { CurvePoint, Opened, RunConfig, SelfTestRow } from "../../engine/protocol.ts";
import { hashOf } from "../../frame/hash.ts";

export interface Reported {
  readonly when: Date;
  readonly userAgent: string;
  readonly cores: number;
  readonly secure: boolean;
  readonly opened: Opened | null;
  readonly rows: readonly SelfTestRow[] | null;
  readonly fault: string | null;
  readonly run: {
    readonly config: RunConfig;
    readonly last: CurvePoint | undefined;
    readonly imagesPerSecond: number;
  } | null;
}

export function reportText(report: Reported): string {
  const { when, userAgent, cores, secure, opened, rows, fault, run } = report;
  return [
    `wgrad report, ${when.toISOString()}`,
    `browser: ${userAgent}`,
    `processor: ${cores} threads; ${secure ? "secure page" : "page without https"}`,
    ...deviceLines(opened),
    "",
    ...testLines(rows, fault),
    ...(run
      ? [
          "",
          `run: ${hashOf("train", run.config)}`,
          run.last
            ? `step ${run.last.step}: loss ${run.last.loss.toPrecision(5)}, accuracy ${run.last.accuracy.toFixed(4)}, ${Math.round(run.imagesPerSecond)} images/s`
            : "no step yet",
        ]
      : []),
  ].join("\n");
}

function deviceLines(opened: Opened | null): string[] {
  if (!opened) return ["device: not asked yet"];
  if (!opened.ok) return [`device: none (${opened.why}) ${opened.detail}`];
  const { name, vendor, architecture, software, features, limits } = opened.adapter;
  return [
    `device: ${name} (${software ? "software" : "hardware"}; vendor ${vendor || "-"}, architecture ${architecture || "-"})`,
    `features: ${features.join(", ") || "none"}`,
    "limits:",
    ...Object.entries(limits).map(([limit, value]) => `  ${limit} ${value}`),
  ];
}

function testLines(rows: readonly SelfTestRow[] | null, fault: string | null): string[] {
  if (fault) return [`self-test: could not run: ${fault}`];
  if (!rows) return ["self-test: not run"];
  return [
    `self-test: ${rows.filter((r) => r.ok).length} of ${rows.length} right`,
    ...rows.map(
      ({ name, error, bound, ms, ok }) =>
        `  ${ok ? "ok   " : "WRONG"} ${name}: error ${error.toExponential(2)}, allowed ${bound.toExponential(2)}, ${ms.toFixed(1)} ms`,
    ),
  ];
}
