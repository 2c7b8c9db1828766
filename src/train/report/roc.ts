// Section "ROC curve": sensitivity over false alarms for one classifier or several, and what a chosen threshold gives.

import type { Operating } from "../metrics/roc.ts";
import { lineChart, type Series } from "./chart.ts";
import { escapeHtml, number, percent } from "./text.ts";

export interface RocLine {
  readonly name: string;
  readonly points: readonly Operating[];
  readonly area: number;
}

export interface RocReport {
  readonly lines: readonly RocLine[];
  /** Marked in the chart. */
  readonly chosen?: Operating;
  /** Rows below the chart: where the threshold is judged, and what it gives. */
  readonly judged?: readonly {
    readonly name: string;
    readonly sensitivity: number;
    readonly specificity: number;
  }[];
  /** How the threshold was chosen. */
  readonly note: string;
}

export function rocSection({ lines, chosen, judged = [], note }: RocReport): string {
  const several = lines.length > 1;
  const series = lines.map(
    ({ name, points }, i): Series => ({
      label: name,
      x: points.map((p) => 1 - p.specificity),
      y: points.map((p) => p.sensitivity),
      look: "strong",
      ...(several ? { tone: i } : {}),
    }),
  );
  const chance: Series = { label: "chance", x: [0, 1], y: [0, 1], look: "thin" };
  const mark: Series[] = chosen
    ? [{ label: "chosen threshold", x: [1 - chosen.specificity], y: [chosen.sensitivity], look: "dots" }]
    : [];
  const chart = lineChart({
    id: "roc-chart",
    title: "ROC curve",
    summary: `Area under the curve: ${lines.map((l) => `${l.name} ${number(l.area)}`).join(", ")}; chance 0.5.`,
    series: [...series, chance, ...mark],
    xLabel: "share of healthy images called ill (1 - specificity)",
    xDomain: [0, 1],
    include: [0, 1],
  });
  const rows = judged.map(
    (row) =>
      `<tr><th scope="row">${escapeHtml(row.name)}</th><td>${escapeHtml(percent(row.sensitivity))}</td><td>${escapeHtml(percent(row.specificity))}</td></tr>`,
  );
  const table = rows.length
    ? `<div class="card scroll" style="align-self:start" role="region" aria-label="Sensitivity and specificity" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">judged on</th><th scope="col">sensitivity</th><th scope="col">specificity</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`
    : "";
  return `<section aria-labelledby="roc"><h2 id="roc">Telling ill from healthy</h2>
<p>${escapeHtml(note)}</p>
<div class="columns">
${chart}
${table}
</div></section>`;
}
