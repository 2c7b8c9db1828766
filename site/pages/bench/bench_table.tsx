// The rows of a measurement: whether it is right first, then how long it takes. Eight columns are wider
// than a narrow screen: there the others stand below each row, when asked for.

import { useState } from "preact/hooks";
import type { BenchRow } from "../../engine/protocol.ts";
import { narrow } from "../../parts/narrow.ts";
import { ScrollArea } from "../../parts/scroll_area.tsx";
import { numbers, TableHead, words } from "../../parts/table_head.tsx";

const COLUMNS = [
  ...numbers("no."),
  ...words("what", "compared"),
  ...numbers("median", "lower to upper quartile", "GFLOP/s", "GB/s", "FLOP/byte"),
];
const NARROW_COLUMNS = [...numbers("no."), ...words("what"), ...numbers("median")];

export function BenchTable({ rows }: { rows: readonly BenchRow[] }) {
  if (narrow.value) return <NarrowTable rows={rows} />;
  return (
    <ScrollArea label="Measured kernels and steps">
      <table>
        <TableHead columns={COLUMNS} />
        <tbody>
          {rows.map((row, i) => (
            <tr key={row.name}>
              <td class="number">{i + 1}</td>
              <th scope="row">{row.name}</th>
              <td class={colour(row)}>{correctness(row)}</td>
              <td class="number">{time(row.medianUs)}</td>
              <td class="number">{quartiles(row)}</td>
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

function NarrowTable({ rows }: { rows: readonly BenchRow[] }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <button type="button" class="small" aria-pressed={all} onClick={() => setAll(!all)}>
        {all ? "Fewer figures" : "All figures"}
      </button>
      <table>
        <TableHead columns={NARROW_COLUMNS} />
        {rows.map((row, i) => (
          <tbody key={row.name}>
            <tr>
              <td class="number">{i + 1}</td>
              <th scope="rowgroup">{row.name}</th>
              <td class="number">
                {time(row.medianUs)} <div class={`small ${colour(row)}`}>{verdict(row)}</div>
              </td>
            </tr>
            {all && (
              <tr>
                <td />
                <td colSpan={2} class="small bench-more">
                  {row.error !== null && `off by ${row.error.toExponential(1)}; `}
                  half of the rounds {quartiles(row)}; {figure(row.gflops)} GFLOP/s, {figure(row.gbs)} GB/s,{" "}
                  {figure(row.intensity)} FLOP/byte
                </td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </>
  );
}

const colour = ({ ok, error }: BenchRow): string => (!ok ? "bad" : error === null ? "muted" : "good");

const quartiles = ({ lowUs, highUs }: BenchRow): string => `${time(lowUs)} to ${time(highUs)}`;

const verdict = ({ ok, error }: BenchRow): string =>
  !ok ? "wrong" : error === null ? "not compared" : "right";

const correctness = (row: BenchRow): string =>
  row.error === null ? verdict(row) : `${verdict(row)}, off by ${row.error.toExponential(1)}`;

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
