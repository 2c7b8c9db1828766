// Chart "Precision over recall" for one classifier or several: the curve to judge a rare class by.

import type { PrecisionRecall } from "../metrics/average_precision.ts";
import type { ChartOptions, Series } from "./chart.ts";
import { number, percent } from "./text.ts";

export interface PrecisionRecallLine {
  readonly name: string;
  readonly points: readonly PrecisionRecall[];
  readonly averagePrecision: number;
}

/** @param share of positives: the precision of guessing */
export function precisionRecallChart(lines: readonly PrecisionRecallLine[], share: number): ChartOptions {
  const series = lines.map(
    ({ name, points }, i): Series => ({
      label: name,
      // Steps: between two points recall rises at the precision of the second.
      x: points.flatMap((p, k) => [points[k - 1]?.recall ?? 0, p.recall]),
      y: points.flatMap((p) => [p.precision, p.precision]),
      look: "strong",
      ...(lines.length > 1 ? { tone: i } : {}),
    }),
  );
  const chance: Series = { label: "guessing", x: [0, 1], y: [share, share], look: "thin" };
  const areas = lines.map((l) => `${l.name} ${number(l.averagePrecision)}`).join(", ");
  return {
    id: "precision-recall",
    title: "Precision over recall",
    summary: `Average precision, the area under the curve: ${areas}; guessing ${number(share, 2)}.`,
    series: [...series, chance],
    include: [0, 1],
    format: (v) => percent(v, 0),
    xLabel: "recall: share of the positives found",
    xDomain: [0, 1],
  };
}
