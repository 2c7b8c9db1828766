// The comparison as text: who is how fast, and what each library asks of WebGPU for one call.
import { LIBRARIES, type LibraryName } from "./peers/job.ts";
import { align, short } from "./report.ts";
import type { PeerRow } from "./rows.ts";

export interface WorkRows {
  readonly work: string;
  readonly rows: Readonly<Partial<Record<LibraryName, PeerRow>>>;
  /** The fastest peer's time by wgrad's; null where one of them has none. */
  readonly ahead: number | null;
}

/** By work, in the order of the rows. */
export function byWork(rows: readonly PeerRow[]): WorkRows[] {
  return [...new Set(rows.map((r) => r.work))].map((work) => {
    const own = rows.filter((r) => r.work === work);
    const times = own.filter((r) => r.library !== "wgrad").flatMap((r) => r.ms ?? []);
    const ms = own.find((r) => r.library === "wgrad")?.ms;
    const ahead = ms && times.length > 0 ? Math.min(...times) / ms : null;
    return { work, rows: Object.fromEntries(own.map((r) => [r.library, r])), ahead };
  });
}

export function peerTables(rows: readonly PeerRow[]): string {
  const works = byWork(rows);
  const number = (value: number | null | undefined) => (value == null ? "-" : short(value));
  const trio = (w: WorkRows, key: "ms" | "latencyMs" | "firstMs") =>
    LIBRARIES.map((l) => number(w.rows[l]?.[key]));
  const times = works.map((w) => [
    w.work,
    "",
    ...trio(w, "ms"),
    w.ahead === null ? "-" : `${w.ahead.toFixed(2)}x`,
    ...trio(w, "latencyMs"),
    ...trio(w, "firstMs"),
  ]);
  const head = ["ms a call", "", ...LIBRARIES, "ahead", "alone", "tfjs", "jax-js", "first", "tfjs", "jax-js"];
  const reasons = rows.filter((r) => r.reason).map((r) => `${r.work}, ${r.library}: ${r.reason}`);
  return [align([head, ...times]), align([COUNTS, ...rows.map(countsOf)]), ...reasons].join("\n\n");
}

const COUNTS = [
  "a call asks for",
  "",
  "dispatches",
  "submits",
  "buffers",
  "bind groups",
  "peak MB",
  "correct",
];

function countsOf(row: PeerRow): string[] {
  const counts = [row.dispatches, row.submits, row.buffersCreated, row.bindGroupsCreated];
  return [
    row.work,
    row.library,
    ...counts.map((n) => (n === null ? "-" : String(n))),
    row.peakBytes === null ? "-" : (row.peakBytes / 1e6).toFixed(1),
    row.correct ? "yes" : "no",
  ];
}
