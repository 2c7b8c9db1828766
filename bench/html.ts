// The report of a run as one self-contained page: comparison, roofline, tables. No script, no request to anywhere.
import type { ProgramMemory } from "../src/gpu/program_slabs.ts";
import { STYLE } from "../src/train/report/style.ts";
import { escapeHtml } from "../src/train/report/text.ts";
import { MEMORY_STYLE, memoryChart } from "./memory_chart.ts";
import { peerChart } from "./peer_chart.ts";
import { byWork } from "./peer_tables.ts";
import { gbs, gflops, replayLine, share, short, verdict } from "./report.ts";
import { ROOFLINE_STYLE, roofline } from "./roofline.ts";
import type { PeerRow } from "./rows.ts";
import type { Result, Row } from "./sweep.ts";

export type Plans = ReadonlyMap<string, ProgramMemory>;

export function htmlReport(result: Result, peers: readonly PeerRow[], plans: Plans = new Map()): string {
  const title = `wgrad bench on ${result.adapter}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}${ROOFLINE_STYLE}${MEMORY_STYLE}</style>
</head>
<body>
<main>
<header><div><h1>${escapeHtml(title)}</h1><p class="lead">${escapeHtml(verdict(result))}.</p>${tiles(peers)}</div></header>
${peers.length > 0 ? comparison(peers) : ""}
${plans.size > 0 ? memory(plans) : ""}
${kernels(result)}
</main>
</body>
</html>
`;
}

function tiles(peers: readonly PeerRow[]): string {
  const works = byWork(peers);
  const compared = works.flatMap((w) => w.ahead ?? []);
  if (compared.length === 0) return "";
  const first = compared.filter((a) => a > 1).length;
  const mean = Math.exp(compared.reduce((sum, a) => sum + Math.log(a), 0) / compared.length);
  return `<dl class="tiles">
<div class="main"><dt>the fastest peer's time by wgrad's, geometric mean of ${compared.length} works</dt><dd>${mean.toFixed(2)}×</dd></div>
<div><dt>works where wgrad is first</dt><dd>${first} of ${works.length}</dd></div>
</dl>`;
}

function comparison(peers: readonly PeerRow[]): string {
  const head = [
    "work",
    "library",
    "ms",
    "alone ms",
    "first ms",
    "dispatches",
    "submits",
    "buffers",
    "bind groups",
    "peak MB",
    "",
  ];
  const rows = peers.map((r) => {
    const times = [r.ms, r.latencyMs, r.firstMs].map((ms) => (ms === null ? "–" : short(ms)));
    const counts = [r.dispatches, r.submits, r.buffersCreated, r.bindGroupsCreated].map((n) =>
      n === null ? "–" : String(n),
    );
    const peak = r.peakBytes === null ? "–" : (r.peakBytes / 1e6).toFixed(1);
    return [r.work, r.library, ...times, ...counts, peak, r.correct ? "" : (r.reason ?? "wrong")];
  });
  return `<h2>Beside other libraries</h2>
<p>One call with several in flight, median of interleaved rounds in one browser; every result was compared with PyTorch's first.
“Ahead” is the fastest peer's time divided by wgrad's.</p>
<figure class="card scroll">${peerChart(peers)}</figure>
<details><summary>All figures</summary><div class="scroll card">${table(head, rows)}</div></details>`;
}

function memory(plans: Plans): string {
  const charts = [...plans]
    .filter(([, plan]) => plan.intervals.length > 1)
    .map(([work, plan]) => memoryChart(work, plan));
  return `<h2>Memory plans of wgrad</h2>
<p>What a compiled call makes, from the dispatch that first writes it to the one that last reads it, and where in its slab it lies.
Parameters, arguments from outside and the optimizer's state are not in it.</p>
<div class="columns">${charts.join("")}</div>`;
}

function kernels(result: Result): string {
  const head = ["kernel", "shape", "ms", "GFLOP/s", "GB/s", "share", "of", "GPU ms", "dispatches"];
  const rows = result.rows.map((r) => cells(r, result));
  return `<h2>Kernels under the roofs of this run</h2>
<p>A kernel on the slope is bound by memory, under the flat roof by arithmetic. Bytes are those that cannot be avoided; on
software adapters data that stay in the cache may rise above the slope. ${escapeHtml(replayLine(result))}.</p>
${rows.length > 0 ? `<figure class="card scroll">${roofline(result)}</figure>` : ""}
<details><summary>All figures</summary><div class="scroll card">${table(head, rows)}</div></details>`;
}

function cells(row: Row, result: Result): string[] {
  const { bench, times, gpu } = row;
  const ms = times.median;
  const rates = [
    short(ms),
    short(gflops(row, ms)),
    short(gbs(row, ms)),
    `${(100 * share(row, result)).toFixed(0)} %`,
  ];
  return [
    bench.kernel,
    bench.shape,
    ...rates,
    bench.roof,
    gpu ? short(gpu.ms) : "–",
    gpu ? String(gpu.dispatches) : "–",
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((c, i) => (i === 0 ? `<th>${escapeHtml(c)}</th>` : `<${tag}>${escapeHtml(c)}</${tag}>`)).join("")}</tr>`;
  return `<table class="numbers"><thead>${line(head, "th")}</thead><tbody>${rows.map((r) => line(r, "td")).join("")}</tbody></table>`;
}
