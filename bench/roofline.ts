// The roofline (Williams, Waterman & Patterson 2009) as SVG text: GFLOP/s over FLOP per byte that must move, both logarithmic,
// under the two roofs measured in the same run. No script; names by <title>.
import { scaleLog } from "d3-scale";
import {
  line,
  type SymbolType,
  symbol,
  symbolCircle,
  symbolDiamond,
  symbolSquare,
  symbolTriangle,
} from "d3-shape";
import { escapeHtml } from "../src/train/report/text.ts";
import { gbs, gflops, share, short } from "./report.ts";
import type { Result, Row } from "./sweep.ts";

const WIDTH = 1000;
const HEIGHT = 520;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, WIDTH - 16, 16, HEIGHT - 48];

interface Family {
  readonly name: string;
  readonly pattern: RegExp;
  readonly shape: SymbolType;
  readonly look: "blue" | "orange" | "green" | "violet";
}

/** The first that matches. */
const FAMILIES: readonly Family[] = [
  { name: "matrix products", pattern: /^matmul/, shape: symbolSquare, look: "blue" },
  { name: "convolutions", pattern: /^conv|winograd/i, shape: symbolCircle, look: "orange" },
  { name: "attention, recurrence", pattern: /attention|lstm|gru/i, shape: symbolTriangle, look: "green" },
  { name: "bound by memory", pattern: /./, shape: symbolDiamond, look: "violet" },
];

export const ROOFLINE_STYLE = `
:root { --green: #1a7a4c; --violet: #8a3ab9; }
@media (prefers-color-scheme: dark) { :root { --green: #6fd3a0; --violet: #cf9bf0; } }
.roofline { display: block; width: 100%; min-width: 640px; height: auto; }
.roofline text { font-size: 13px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.roofline line { stroke: var(--grid); }
.roofline .axis { stroke: var(--soft); }
.roofline .roof { fill: none; stroke: var(--ink); stroke-width: 2.2; stroke-linejoin: round; }
.roofline .name { fill: var(--ink); font-weight: 600; }
.roofline .x { text-anchor: middle; }
.roofline .y { text-anchor: end; }
.mark-blue { fill: var(--blue); } .mark-orange { fill: var(--orange); } .mark-green { fill: var(--green); }
.mark-violet { fill: var(--violet); }
.roofline .dot { stroke: var(--card); stroke-width: 1; opacity: 0.85; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 0.875rem; color: var(--soft); }
.keys li { display: flex; align-items: center; gap: 6px; }
`;

export function roofline(result: Result): string {
  const { rows } = result;
  const peak = gflops(result.peak, result.peak.times.median);
  const bandwidth = gbs(result.stream, result.stream.times.median);
  const points = rows.filter((r) => r.bench.flops > 0 && r.bench.bytes > 0);
  const ridge = peak / bandwidth;
  const intensities = [...points.map(intensity), ridge];
  const rates = [...points.map((r) => gflops(r, r.times.median)), peak];
  const x = scaleLog([Math.min(...intensities) / 1.6, Math.max(...intensities) * 2], [LEFT, RIGHT]);
  const y = scaleLog([Math.min(...rates) / 1.6, peak * 1.8], [BOTTOM, TOP]);
  const roof = (at: number) => Math.min(peak, at * bandwidth);
  const [low, high] = x.domain() as [number, number];
  const path = line<number>(
    (at) => x(at),
    (at) => Math.min(y(roof(at)), BOTTOM),
  )([Math.max(low, y.domain()[0]! / bandwidth), ridge, high]);
  const middle = Math.sqrt(low * ridge);
  const names =
    `<text class="name" x="${RIGHT - 6}" y="${round(y(peak)) - 8}" text-anchor="end">${short(peak)} GFLOP/s, registers only</text>` +
    `<text class="name" x="${round(x(middle)) - 12}" y="${round(y(roof(middle))) - 8}" text-anchor="end">${short(bandwidth)} GB/s, read and written</text>`;
  return `<ul class="keys">${FAMILIES.map(key).join("")}</ul>
<svg class="roofline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Roofline: ${points.length} kernels under the two roofs">
${axes(x, y)}<path class="roof" d="${path}"/>${names}${points.map((r) => dot(r, result, x, y)).join("")}
</svg>`;
}

const intensity = ({ bench }: Row): number => bench.flops / bench.bytes;
const familyOf = ({ bench }: Row): Family => FAMILIES.find((f) => f.pattern.test(bench.kernel))!;
const drawn = ({ shape }: Family, area: number): string => symbol(shape, area)()!;

function key(family: Family): string {
  const icon = `<svg width="14" height="14" viewBox="-7 -7 14 14"><path class="mark-${family.look}" d="${drawn(family, 70)}"/></svg>`;
  return `<li>${icon}${family.name}</li>`;
}

type Scale = ReturnType<typeof scaleLog<number, number>>;

function dot(row: Row, result: Result, x: Scale, y: Scale): string {
  const family = familyOf(row);
  const rate = gflops(row, row.times.median);
  const { kernel, shape, roof } = row.bench;
  const title = `${kernel} ${shape}: ${short(rate)} GFLOP/s, ${(100 * share(row, result)).toFixed(0)} % of ${roof}`;
  return (
    `<path class="dot mark-${family.look}" transform="translate(${round(x(intensity(row)))} ${round(y(rate))})" d="${drawn(family, 90)}">` +
    `<title>${escapeHtml(title)}</title></path>`
  );
}

function axes(x: Scale, y: Scale): string {
  const columns = decades(x).map((v) => {
    const at = round(x(v));
    return `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${BOTTOM}"/><text class="x" x="${at}" y="${BOTTOM + 18}">${v}</text>`;
  });
  const rows = decades(y).map((v) => {
    const at = round(y(v));
    return `<line x1="${LEFT}" x2="${RIGHT}" y1="${at}" y2="${at}"/><text class="y" x="${LEFT - 8}" y="${at}" dy="0.32em">${v}</text>`;
  });
  const frame = `<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`;
  const titles =
    `<text class="x" x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 8}">FLOP per byte that has to move</text>` +
    `<text x="${LEFT + 6}" y="${TOP + 10}">GFLOP/s</text>`;
  return [...columns, ...rows, frame, titles].join("");
}

/** 1, 2, 5 in each decade; whole decades where that is too many. */
function decades(scale: Scale): number[] {
  const [low, high] = scale.domain() as [number, number];
  const span = Math.log10(high / low);
  const mantissas = span <= 3.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const m of mantissas) ticks.push(Number(`${m}e${e}`));
  return ticks.filter((t) => t >= low && t <= high);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
