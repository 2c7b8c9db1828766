// Roofline (Williams, Waterman, Patterson 2009): what a kernel reaches over its FLOP per byte, below min(peak, bandwidth * intensity).
// Both roofs are measured on this device. The table beside it has every number.

import { scaleLog } from "d3-scale";
import type { BenchReport, BenchRow } from "../../engine/protocol.ts";
import { figure } from "./bench_table.tsx";

const WIDTH = 480;
const HEIGHT = 320;
const EDGE = { left: 52, right: 26, top: 26, bottom: 40 };
const RADIUS = 5;

type Roofs = BenchReport["roofs"];

export function Roofline({ rows, roofs }: { rows: readonly BenchRow[]; roofs: Roofs | null }) {
  const marks = rows
    .map((row, i) => ({ row, number: i + 1 }))
    .filter(({ row }) => row.intensity > 0 && row.gflops > 0);
  if (marks.length === 0) return <p class="muted">No row yet.</p>;
  const ridge = roofs ? roofs.gflops / roofs.gbs : null;
  const x = axis(marks.map(({ row }) => row.intensity).concat(ridge ?? []), EDGE.left, WIDTH - EDGE.right);
  const y = axis(
    marks.map(({ row }) => row.gflops).concat(roofs?.gflops ?? []),
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  return (
    <svg
      class="bench-plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={summary(marks.length, roofs)}
    >
      <clipPath id="bench-frame">
        <rect
          x={EDGE.left}
          y={EDGE.top}
          width={WIDTH - EDGE.left - EDGE.right}
          height={HEIGHT - EDGE.top - EDGE.bottom}
        />
      </clipPath>
      {decades(x).map((value) => (
        <g key={value}>
          <line class="axis" x1={x(value)} x2={x(value)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
          <text x={x(value)} y={HEIGHT - EDGE.bottom + 15} text-anchor="middle">
            {figure(value)}
          </text>
        </g>
      ))}
      {decades(y).map((value) => (
        <g key={value}>
          <line class="axis" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(value)} y2={y(value)} />
          <text x={EDGE.left - 6} y={y(value) + 4} text-anchor="end">
            {figure(value)}
          </text>
        </g>
      ))}
      <text x={WIDTH - EDGE.right} y={HEIGHT - 6} text-anchor="end">
        FLOP per byte
      </text>
      <text x={4} y={12}>
        GFLOP/s
      </text>
      {roofs && <Roof x={x} y={y} roofs={roofs} />}
      {marks.map(({ row, number }) => (
        <g key={row.name} class="mark">
          <title>
            {row.name}: {figure(row.gflops)} GFLOP/s
          </title>
          <circle cx={x(row.intensity)} cy={y(row.gflops)} r={RADIUS} />
          {/* Neighbours in the list often lie close together: their numbers go to opposite sides. */}
          {number % 2 ? (
            <text x={x(row.intensity) + RADIUS + 2} y={y(row.gflops) - RADIUS}>
              {number}
            </text>
          ) : (
            <text x={x(row.intensity) - RADIUS - 2} y={y(row.gflops) + RADIUS + 7} text-anchor="end">
              {number}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

type Axis = ReturnType<typeof scaleLog<number, number>>;

function Roof({ x, y, roofs: { gflops, gbs } }: { x: Axis; y: Axis; roofs: Roofs }) {
  const [low = 0, high = 0] = x.domain();
  const ridge = gflops / gbs;
  return (
    <>
      <path
        class="roof"
        clip-path="url(#bench-frame)"
        d={`M${x(low)} ${y(low * gbs)}L${x(ridge)} ${y(gflops)}H${x(high)}`}
      />
      <text x={WIDTH - EDGE.right} y={y(gflops) - 6} text-anchor="end">
        {figure(gflops)} GFLOP/s, {figure(gbs)} GB/s
      </text>
    </>
  );
}

/** Whole decades around the values. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values) * 0.8));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.25));
  return scaleLog([low, high], [from, to]);
}

function decades(scale: Axis): number[] {
  const [low = 1, high = 1] = scale.domain();
  const count = Math.round(Math.log10(high / low));
  return Array.from({ length: count + 1 }, (_, i) => Number((low * 10 ** i).toPrecision(1)));
}

function summary(count: number, roofs: Roofs | null): string {
  const which = `Roofline plot of ${count} rows; every value stands in the table, under the same numbers.`;
  return roofs
    ? `${which} Roofs measured: ${figure(roofs.gflops)} GFLOP/s of arithmetic, ${figure(roofs.gbs)} GB/s of memory.`
    : which;
}
