// Roofline (Williams, Waterman, Patterson 2009): what a kernel reaches over its FLOP per byte, below min(peak, bandwidth * intensity).
// Both roofs are measured on this device. The table beside it has every number.

import { scaleLog } from "d3-scale";
import type { BenchReport, BenchRow } from "../../engine/protocol.ts";
import { narrow } from "../../parts/narrow.ts";
import { figure } from "./bench_table.tsx";
import { type Box, boxAround, placeLabels } from "./labels.ts";

const HEIGHT = 320;
/** Drawn about as large as it is seen, so that the text keeps its size. */
const WIDTHS = { wide: 480, narrow: 300 };
const EDGE = { left: 52, right: 26, top: 26, bottom: 40 };
const RADIUS = 4;
/** About the width of a character of the roof's label. */
const LETTER = 6.5;

type Roofs = BenchReport["roofs"];

export function Roofline({ rows, roofs }: { rows: readonly BenchRow[]; roofs: Roofs | null }) {
  const found = rows
    .map((row, i) => ({ row, text: String(i + 1) }))
    .filter(({ row }) => row.intensity > 0 && row.gflops > 0);
  if (found.length === 0) return <p class="muted">No row yet.</p>;
  const width = narrow.value ? WIDTHS.narrow : WIDTHS.wide;
  const [left, right] = [EDGE.left, width - EDGE.right];
  const [top, bottom] = [EDGE.top, HEIGHT - EDGE.bottom];
  const ridge = roofs ? roofs.gflops / roofs.gbs : [];
  const x = axis(found.map(({ row }) => row.intensity).concat(ridge), left, right);
  const y = axis(found.map(({ row }) => row.gflops).concat(roofs?.gflops ?? []), bottom, top);
  const marks = found.map(({ row, text }) => ({ row, text, x: x(row.intensity), y: y(row.gflops) }));
  const frame: Box = { left, right, top, bottom };
  const labels = placeLabels(marks, RADIUS, frame, roofs ? [roofBox(right, y, roofs)] : []);
  return (
    <svg
      class="bench-plot"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={summary(found.length, roofs)}
    >
      <clipPath id="bench-frame">
        <rect x={left} y={top} width={right - left} height={bottom - top} />
      </clipPath>
      {decades(x).map((value) => (
        <g key={value}>
          <line class="axis" x1={x(value)} x2={x(value)} y1={top} y2={bottom} />
          <text x={x(value)} y={bottom + 15} text-anchor="middle">
            {figure(value)}
          </text>
        </g>
      ))}
      {decades(y).map((value) => (
        <g key={value}>
          <line class="axis" x1={left} x2={right} y1={y(value)} y2={y(value)} />
          <text x={left - 6} y={y(value) + 4} text-anchor="end">
            {figure(value)}
          </text>
        </g>
      ))}
      <text x={right} y={HEIGHT - 6} text-anchor="end">
        FLOP per byte
      </text>
      <text x={4} y={12}>
        GFLOP/s
      </text>
      {roofs && <Roof x={x} y={y} roofs={roofs} />}
      {marks.map(({ row, x, y }, i) =>
        labels[i]!.far ? (
          <line key={row.name} class="leader" x1={x} y1={y} x2={labels[i]!.x} y2={labels[i]!.y} />
        ) : null,
      )}
      {marks.map(({ row, text, x, y }, i) => (
        <g key={row.name} class="mark">
          <title>
            {row.name}: {figure(row.gflops)} GFLOP/s
          </title>
          <circle cx={x} cy={y} r={RADIUS} />
          <text x={labels[i]!.x} y={labels[i]!.y + 4} text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
    </svg>
  );
}

type Axis = ReturnType<typeof scaleLog<number, number>>;

function Roof({ x, y, roofs }: { x: Axis; y: Axis; roofs: Roofs }) {
  const { gflops, gbs } = roofs;
  const [low = 0, high = 0] = x.domain();
  return (
    <>
      <path
        class="roof"
        clip-path="url(#bench-frame)"
        d={`M${x(low)} ${y(low * gbs)}L${x(gflops / gbs)} ${y(gflops)}H${x(high)}`}
      />
      <text x={x(high)} y={y(gflops) - 6} text-anchor="end">
        {roofText(roofs)}
      </text>
    </>
  );
}

const roofText = ({ gflops, gbs }: Roofs): string => `${figure(gflops)} GFLOP/s, ${figure(gbs)} GB/s`;

/** Where the roof's label stands. */
function roofBox(right: number, y: Axis, roofs: Roofs): Box {
  const width = LETTER * roofText(roofs).length;
  return boxAround(right - width / 2, y(roofs.gflops) - 10, width, 12);
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
