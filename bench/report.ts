// The result of a run: a table for people, a line that says whether the run counts, and the JSON of `--json`.
import type { PeerRow } from "./rows.ts";
import type { Result, Row } from "./sweep.ts";

/** GFLOP/s from milliseconds. */
export const gflops = ({ bench }: Row, ms: number) => bench.flops / ms / 1e6;
export const gbs = ({ bench }: Row, ms: number) => bench.bytes / ms / 1e6;

/** Part of the roof of the same run, medians both. */
export function share(row: Row, { peak, stream }: Result): number {
  const rate = row.bench.roof === "peak" ? gflops : gbs;
  const roof = row.bench.roof === "peak" ? peak : stream;
  return rate(row, row.times.median) / rate(roof, roof.times.median);
}

/** What `--json` writes; `peers` are the rows of the libraries, in the browser only. Every figure is of medians. */
export function json(result: Result, peers: readonly PeerRow[] = []): string {
  const { adapter, tuning, peak, stream, rows } = result;
  const roofs = { gflops: gflops(peak, peak.times.median), gbs: gbs(stream, stream.times.median) };
  const kernels = rows.map((row) => {
    const { kernel, shape } = row.bench;
    const ms = row.times.median;
    return { kernel, shape, ms, gflops: gflops(row, ms), gbs: gbs(row, ms), share: share(row, result) };
  });
  return `${JSON.stringify({ adapter, tuning, peak: roofs, rows: peers, kernels }, null, 2)}\n`;
}

const HEAD = ["kernel", "shape", "ms", "best", "GFLOP/s", "GB/s", "share", "of", "GPU ms", "dispatches"];
const TEXT_COLUMNS = 2;

export function table(result: Result): string {
  const rows = [result.peak, result.stream, ...result.rows].map((row) => cells(row, result));
  return align([HEAD, ...rows]);
}

export function replayLine({ replay }: Result): string {
  const { us, medianUs, submitUs, dispatches } = replay;
  return `JavaScript of a replayed dispatch: ${short(us)} us, mean of ${dispatches}; median of the calls ${short(medianUs)}; the submit of a call ${short(submitUs)}`;
}

function cells(row: Row, result: Result): string[] {
  const { bench, times, gpu } = row;
  return [
    bench.kernel,
    bench.shape,
    short(times.median),
    short(times.best),
    short(gflops(row, times.median)),
    short(gbs(row, times.median)),
    `${(100 * share(row, result)).toFixed(0)} %`,
    bench.roof,
    gpu ? short(gpu.ms) : "-",
    gpu ? String(gpu.dispatches) : "-",
  ];
}

/** Rows of text in columns: words to the left, numbers to the right. */
export function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)));
  return rows
    .map((r) => r.map((c, i) => (i < TEXT_COLUMNS ? c.padEnd(widths[i]!) : c.padStart(widths[i]!))))
    .map((r) => r.join("  ").trimEnd())
    .join("\n");
}

/** Three digits that matter. */
export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Whether the machine was quiet enough: the peak must reach half of what is known of the adapter, best and median. */
export function verdict({ peak, adapter, known }: Result): string {
  const best = gflops(peak, peak.times.best);
  const middle = gflops(peak, peak.times.median);
  const measured = `peak ${short(best)} best, ${short(middle)} median GFLOP/s on ${adapter}`;
  if (!known) return `${measured}; performance.md has no figure for this adapter`;
  const counts = best >= known.best / 2 && middle >= known.median / 2;
  const words = counts ? "this run counts" : "machine too busy: this run does not count";
  return `${measured}; performance.md has ${known.best} and ${known.median} for ${known.adapter}: ${words}`;
}
