// The comparison as SVG text: a line for each work, a mark for each library, milliseconds a call on one logarithmic axis. To the
// right the fastest peer's time by wgrad's.
import { scaleLog } from "d3-scale";
import { type SymbolType, symbol, symbolCircle, symbolDiamond, symbolSquare } from "d3-shape";
import { escapeHtml } from "../src/train/report/text.ts";
import { byWork, type WorkRows } from "./peer_tables.ts";
import { LIBRARIES, type LibraryName } from "./peers/job.ts";
import { short } from "./report.ts";
import type { PeerRow } from "./rows.ts";

const WIDTH = 1000;
const ROW = 26;
const [LEFT, RIGHT, TOP] = [130, WIDTH - 90, 30];

const LOOKS: Record<
  LibraryName,
  { readonly shape: SymbolType; readonly look: string; readonly size: number }
> = {
  wgrad: { shape: symbolCircle, look: "mark-blue", size: 120 },
  tfjs: { shape: symbolSquare, look: "mark-orange", size: 80 },
  "jax-js": { shape: symbolDiamond, look: "mark-green", size: 90 },
};

export function peerChart(rows: readonly PeerRow[]): string {
  const works = byWork(rows);
  const times = rows.flatMap((r) => r.ms ?? []);
  if (times.length === 0) return "<p>No library has a time.</p>";
  const x = scaleLog([Math.min(...times) / 1.3, Math.max(...times) * 1.3], [LEFT, RIGHT]);
  const height = TOP + works.length * ROW + 14;
  const keys = LIBRARIES.map((l) => {
    const d = symbol(LOOKS[l].shape, 70)();
    return `<li><svg width="14" height="14" viewBox="-7 -7 14 14"><path class="${LOOKS[l].look}" d="${d}"/></svg>${l}</li>`;
  });
  const ticks = x.ticks(5).filter((v) => Number.isInteger(Math.log10(v)));
  const grid = ticks.map(
    (v) =>
      `<line x1="${at(x(v))}" x2="${at(x(v))}" y1="${TOP - 6}" y2="${height - 14}"/>` +
      `<text class="x" x="${at(x(v))}" y="${TOP - 12}">${v} ms</text>`,
  );
  const lines = works.map((w, i) => lineOf(w, TOP + i * ROW + ROW / 2, x));
  return `<ul class="keys">${keys.join("")}</ul>
<svg class="roofline" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Milliseconds a call by work and library">
${grid.join("")}<text class="y" x="${WIDTH - 8}" y="${TOP - 12}">ahead</text>${lines.join("")}
</svg>`;
}

function lineOf({ work, rows, ahead }: WorkRows, y: number, x: (ms: number) => number): string {
  const marks = LIBRARIES.flatMap((l) => {
    const ms = rows[l]?.ms;
    if (ms == null) return [];
    const { shape, look, size } = LOOKS[l];
    const title = escapeHtml(`${work}, ${l}: ${short(ms)} ms`);
    const place = `translate(${at(x(ms))} ${y})`;
    return `<path class="dot ${look}" transform="${place}" d="${symbol(shape, size)()}"><title>${title}</title></path>`;
  });
  const factor = ahead === null ? "–" : `${ahead.toFixed(2)}×`;
  return (
    `<line x1="${LEFT}" x2="${RIGHT}" y1="${y}" y2="${y}"/>` +
    `<text class="y name" x="${LEFT - 12}" y="${y}" dy="0.32em">${escapeHtml(work)}</text>` +
    `<text class="y${ahead !== null && ahead >= 1 ? " name" : ""}" x="${WIDTH - 8}" y="${y}" dy="0.32em">${factor}</text>${marks.join("")}`
  );
}

function at(value: number): number {
  return Math.round(value * 10) / 10;
}
