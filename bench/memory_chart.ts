// A memory plan as SVG text: dispatches from left to right, bytes upwards, one band a slab; a box is what one dispatch made, for
// as long as it is needed.
import { scaleLinear } from "d3-scale";
import type { ProgramMemory } from "../src/gpu/program_slabs.ts";
import { count, escapeHtml } from "../src/train/report/text.ts";

const WIDTH = 400;
const HEIGHT = 240;
const [LEFT, RIGHT, TOP, BOTTOM] = [8, WIDTH - 8, 8, HEIGHT - 24];

export const MEMORY_STYLE = `
.plan { display: block; width: 100%; height: auto; }
.plan rect { fill: var(--blue); fill-opacity: 0.3; stroke: var(--card); stroke-width: 0.6; }
.plan rect:hover { fill-opacity: 0.8; }
.plan line { stroke: var(--ink); stroke-width: 0.8; }
.plan text { font-size: 12px; fill: var(--soft); }
`;

export function memoryChart(work: string, { intervals, plannedBytes, boundBytes }: ProgramMemory): string {
  const dispatches = intervals.reduce((last, i) => Math.max(last, i.to), 0);
  const slabs = slabBytes(intervals);
  const total = slabs.reduce((a, b) => a + b, 0);
  const starts = slabs.map((_, s) => slabs.slice(0, s).reduce((a, b) => a + b, 0));
  const x = scaleLinear([-1, dispatches + 1], [LEFT, RIGHT]);
  const y = scaleLinear([0, total], [BOTTOM, TOP]);
  const boxes = intervals.map(({ label, bytes, from, to, slab, offset }) => {
    const low = starts[slab]! + offset;
    const box = [x(from), y(low + bytes), x(to + 1) - x(from), y(low) - y(low + bytes)].map((v) =>
      v.toFixed(1),
    );
    const title = `${label}: ${count(bytes)} bytes, dispatches ${Math.max(from, 0)} to ${to}`;
    return `<rect x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}"><title>${escapeHtml(title)}</title></rect>`;
  });
  const edges = [...starts, total].map(
    (at) => `<line x1="${LEFT}" x2="${RIGHT}" y1="${y(at).toFixed(1)}" y2="${y(at).toFixed(1)}"/>`,
  );
  const ratio = (plannedBytes / Math.max(boundBytes, 1)).toFixed(2);
  const summary = `${(plannedBytes / 1e6).toFixed(2)} MB in ${slabs.length} slabs, ${ratio} times the most that is alive at once`;
  return `<figure class="card chart"><h3>${escapeHtml(work)}</h3>
<svg class="plan" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${work}: ${summary}`)}">
${boxes.join("")}${edges.join("")}<text x="${LEFT}" y="${HEIGHT - 8}">dispatch 0</text>
<text x="${RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${dispatches}</text>
</svg>
<figcaption>${summary}</figcaption></figure>`;
}

function slabBytes(intervals: ProgramMemory["intervals"]): number[] {
  const bytes: number[] = [];
  for (const { slab, offset, bytes: size } of intervals)
    bytes[slab] = Math.max(bytes[slab] ?? 0, offset + size);
  return Array.from(bytes, (b) => b ?? 0);
}
