// The measurement that is on or was last made; it outlives the page. The engine lets a run rest meanwhile.

import { signal } from "@preact/signals";
import { call, on } from "../../engine/client.ts";
import type { BenchReport, BenchRow } from "../../engine/protocol.ts";
import { open, sentence } from "../../engine/session.ts";

export interface Measured {
  readonly state: "none" | "running" | "done" | "failed";
  /** In the order in which they came. */
  readonly rows: readonly BenchRow[];
  readonly report: BenchReport | null;
  readonly fault: string | null;
}

const NOTHING: Measured = { state: "none", rows: [], report: null, fault: null };
export const measured = signal<Measured>(NOTHING);

on("benchRow", (row) => {
  const now = measured.value;
  if (now.state === "running") measured.value = { ...now, rows: [...now.rows, row] };
});

export async function measure(): Promise<void> {
  if (measured.value.state === "running") return;
  measured.value = { ...NOTHING, state: "running" };
  try {
    const opened = await open();
    if (!opened.ok) throw new Error(`no GPU (${opened.why})`);
    const report = await call("bench");
    measured.value = { state: "done", rows: report.rows, report, fault: null };
  } catch (error) {
    measured.value = { ...measured.value, state: "failed", fault: sentence(error) };
  }
}

/** What is downloaded: the report, and where and when it was measured. */
export function jsonOf(report: BenchReport): string {
  const { userAgent } = navigator;
  return JSON.stringify({ format: "wgrad-bench", version: 1, userAgent, ...report }, null, 2);
}
