// One HTML page that tells a training run: everything inline, no script, no request to anywhere. Text in, text out: it
// runs in a browser's worker as well as in Node. This is the frame; a recipe adds the sections of its own task. Curves:
// curves.ts, chart.ts; those of a classifier: classifier.ts.

import type { EpochReport } from "../fit.ts";
import type { ChartOptions } from "./chart.ts";
import { curvesSection, type RunCurves } from "./curves.ts";
import { STYLE } from "./style.ts";
import { escapeHtml, number } from "./text.ts";

/** A figure at the head of the page. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  /** The one that counts: large. */
  readonly main?: boolean;
}

/** A row of the comparison: this run, or what it has to be better than. */
export interface Compared {
  readonly name: string;
  /** Figures by name; a column for every name there is. */
  readonly values: Readonly<Record<string, string | number>>;
}

export interface RunReport {
  readonly title: string;
  /** The result in a sentence. */
  readonly summary: string;
  readonly tiles?: readonly Tile[];
  /** Configuration and circumstances, in this order. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** The run first, then the baselines: a figure without them proves nothing. */
  readonly comparison?: readonly Compared[];
  readonly runs: readonly RunCurves[];
  /** Marks in the curves, and a table. */
  readonly epochs?: readonly EpochReport[];
  /** Further charts beside the curves. */
  readonly charts?: readonly ChartOptions[];
  /** Sections of the task, HTML. */
  readonly sections?: readonly string[];
}

/**
 * The page of a run. Robust against what a failed run holds (values not finite, one step only); throws ShapeError for
 * parts that do not fit each other.
 */
export function renderReport(report: RunReport): string {
  const { title, summary, tiles = [], facts, comparison = [], runs, epochs, charts, sections = [] } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="wgrad">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<div><h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(summary)}</p>
${tileList(tiles)}</div>
${factsTable(facts)}
</header>
${comparisonSection(comparison)}
${curvesSection(runs, epochs, charts)}
${sections.join("\n")}
</main>
<footer>Made by wgrad. This page is complete in itself: it loads nothing and runs no script.</footer>
</body>
</html>
`;
}

function tileList(tiles: readonly Tile[]): string {
  const items = tiles.map(
    ({ label, value, main }) =>
      `<div${main ? ' class="main"' : ""}><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return items.length ? `<dl class="tiles">${items.join("")}</dl>` : "";
}

/** From this length on a text without spaces is taken for a hash or the like. */
const LONG = 24;

function factsTable(facts: RunReport["facts"]): string {
  const rows = Object.entries(facts).map(([name, value]) => {
    const text = typeof value === "number" ? fact(value) : value;
    const long = text.length >= LONG && !/\s/.test(text) ? ' class="long"' : "";
    return `<tr><th scope="row">${escapeHtml(name)}</th><td${long}>${escapeHtml(text)}</td></tr>`;
  });
  if (!rows.length) return "";
  return `<section class="card" aria-label="Facts"><table class="facts"><tbody>
${rows.join("\n")}</tbody></table></section>`;
}

/** Whole numbers as they are: a seed is to be copied. */
function fact(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : number(value, 5);
}

function comparisonSection(rows: readonly Compared[]): string {
  if (!rows.length) return "";
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const cell = (value: string | number | undefined) =>
    `<td>${escapeHtml(value === undefined ? "" : typeof value === "number" ? number(value) : value)}</td>`;
  const body = rows.map(
    ({ name, values }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th>${columns.map((c) => cell(values[c])).join("")}</tr>`,
  );
  const heads = ["", ...columns].map((c) =>
    c ? `<th scope="col">${escapeHtml(c)}</th>` : '<th scope="col"><span class="hidden">what</span></th>',
  );
  return `<section aria-labelledby="comparison"><h2 id="comparison">Beside the baselines</h2>
<div class="card scroll" role="region" aria-label="Comparison" tabindex="0"><table class="numbers comparison">
<thead><tr>${heads.join("")}</tr></thead>
<tbody>${body.join("\n")}</tbody></table></div></section>`;
}
