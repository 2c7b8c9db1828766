// The rows of a measurement: whether it is right first, then how long it takes.

import type { BenchRow } from "../../engine/protocol.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { numbers, TableHead, words } from "../../parts/table_head.tsx";

const COLUMNS = [
  ...numbers("no."),
  ...words("what", "right"),
  ...numbers("median", "lower to upper quartile", "GFLOP/s", "GB/s", "FLOP/byte"),
];

export function BenchTable({ rows }: { rows: readonly BenchRow[] }) {
  return (
    <ScrollArea label="Measured kernels and steps">
      <table>
        <TableHead columns={COLUMNS} />
        <tbody>
          {rows.map((row, i) => (
            <tr key={row.name}>
              <td class="number">{i + 1}</td>
              <th scope="row">{row.name}</th>
              <td class={!row.ok ? "bad" : row.error === null ? "muted" : "good"}>{correctness(row)}</td>
              <td class="number">{time(row.medianUs)}</td>
              <td class="number">
                {time(row.lowUs)} to {time(row.highUs)}
              </td>
              <td class="number">{figure(row.gflops)}</td>
              <td class="number">{figure(row.gbs)}</td>
              <td class="number">{figure(row.intensity)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function correctness({ ok, error }: BenchRow): string {
  if (error === null) return ok ? "not compared" : "wrong";
  return `${ok ? "yes" : "wrong"}, off by ${error.toExponential(1)}`;
}

export function time(us: number): string {
  if (us < 1000) return `${figure(us)} µs`;
  return us < 1e6 ? `${figure(us / 1000)} ms` : `${figure(us / 1e6)} s`;
}

/** Three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value) || value === 0) return "-";
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 });
}
