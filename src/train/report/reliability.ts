// Section "Calibration": what share of the samples of a stated probability the event came in, before and after scaling.

import type { ReliabilityBin } from "../metrics/calibration.ts";
import { lineChart, type Series } from "./chart.ts";
import { count, escapeHtml, NONE, number, percent } from "./text.ts";

export interface ReliabilityReport {
  /** Such as "as trained" and "temperature 1.3". */
  readonly states: readonly {
    readonly name: string;
    readonly bins: readonly ReliabilityBin[];
    readonly ece: number;
  }[];
  /** What the probabilities are of. */
  readonly event: string;
  /** How the scaling was fitted and judged. */
  readonly note: string;
}

export function reliabilitySection({ states, event, note }: ReliabilityReport): string {
  const filled = states.map((s) => s.bins.filter((b) => b.count > 0));
  const series = states.map(
    ({ name }, i): Series => ({
      label: name,
      x: filled[i]!.map((b) => b.probability),
      y: filled[i]!.map((b) => b.share),
      look: "strong",
      tone: i,
    }),
  );
  const ideal: Series = { label: "what it says is what comes", x: [0, 1], y: [0, 1], look: "thin" };
  const chart = lineChart({
    id: "reliability-chart",
    title: "Reliability",
    summary: `Expected calibration error: ${states.map((s) => `${s.name} ${number(s.ece, 3)}`).join(", ")}. Below the dashed line the classifier says more than comes.`,
    series: [...series, ideal],
    xLabel: `stated probability of ${event}`,
    xDomain: [0, 1],
    include: [0, 1],
  });
  const [first] = states;
  const rows = (first?.bins ?? []).map((_, k) => {
    const cells = states.flatMap(({ bins }) => {
      const b = bins[k]!;
      return [count(b.count), b.count ? percent(b.probability) : NONE, b.count ? percent(b.share) : NONE];
    });
    const range = `${number(first!.bins[k]!.low)} to ${number(first!.bins[k]!.high)}`;
    return `<tr><th scope="row">${range}</th>${cells.map((c) => `<td>${escapeHtml(c)}</td>`).join("")}</tr>`;
  });
  const heads = states.flatMap((s) => [`images, ${s.name}`, "said", "came"]);
  return `<section aria-labelledby="calibration"><h2 id="calibration">Calibration</h2>
<p>${escapeHtml(note)}</p>
<div class="columns">
${chart}
<div class="card scroll" style="align-self:start" role="region" aria-label="Reliability by stated probability" tabindex="0"><table class="numbers">
<thead><tr><th scope="col">probability</th>${heads.map((h) => `<th scope="col">${escapeHtml(h)}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>
</div></section>`;
}
