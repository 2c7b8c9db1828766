// The page of a recipe on chest X-rays: figures at its head, the comparison, ROC curve, calibration, and what it gets wrong at its
// threshold.

import { PNEUMONIA_CLASSES, type XRays } from "../../../data/sets/pneumonia.ts";
import { auc, operatingAt, rocCurve } from "../../metrics/roc.ts";
import { classifierSections, type ReportedMistake } from "../../report/classifier.ts";
import { reliabilitySection } from "../../report/reliability.ts";
import type { Compared, Tile } from "../../report/report.ts";
import { type RocReport, rocSection } from "../../report/roc.ts";
import { count, number, percent } from "../../report/text.ts";
import { aucDifference, aucInterval, type Interval, type JudgedXRays, SIDE, scoresOf } from "./xrays.ts";

const MISTAKES_SHOWN = 24;

/** For `metrics` and `baseline` of the result. */
export function xrayMetrics({ validation, judgement, linear, test }: JudgedXRays) {
  const { chosen, crossed, before, after, temperature } = judgement;
  const metrics: Record<string, number> = {
    valAuc: judgement.auc.value,
    valAucLow: judgement.auc.low,
    valAucHigh: judgement.auc.high,
    threshold: chosen.threshold,
    sensitivity: crossed.sensitivity,
    specificity: crossed.specificity,
    ece: before.ece,
    eceScaled: after.ece,
    temperature,
  };
  const baseline: Record<string, number> = { valAuc: auc(linear, validation.labels) };
  if (test) {
    const scores = scoresOf(test.logits);
    const at = operatingAt(scores, test.xrays.labels, chosen.threshold);
    metrics.testAuc = auc(scores, test.xrays.labels);
    metrics.testSensitivity = at.sensitivity;
    metrics.testSpecificity = at.specificity;
    baseline.testAuc = auc(test.linear, test.xrays.labels);
  }
  return { metrics, baseline };
}

/** The head of the page. */
export function xrayHead({ validation, judgement, linear, test }: JudgedXRays): {
  tiles: Tile[];
  comparison: Compared[];
  summary: string;
} {
  const { crossed, before, after } = judgement;
  const ahead = aucDifference(judgement.scores, linear, validation.labels);
  const columns = (scores: Float64Array, testScores: Float64Array | undefined) => ({
    "validation AUC": withInterval(aucInterval(scores, validation.labels)),
    ...(test && testScores ? { "test AUC": withInterval(aucInterval(testScores, test.xrays.labels)) } : {}),
  });
  const place = ahead.value < 0 ? "behind" : "ahead of";
  const sure = ahead.low > 0 || ahead.high < 0 ? "more" : "no more";
  return {
    tiles: [
      {
        label: `validation AUC (95 % interval ${range(judgement.auc)})`,
        value: number(judgement.auc.value),
        main: true,
      },
      { label: "sensitivity", value: percent(crossed.sensitivity) },
      { label: "specificity", value: percent(crossed.specificity) },
      { label: "calibration error, scaled", value: `${number(before.ece, 2)} → ${number(after.ece, 2)}` },
    ],
    comparison: [
      { name: "this run", values: columns(judgement.scores, test ? scoresOf(test.logits) : undefined) },
      {
        name: "logistic regression on the pixels, its penalty the best for these images",
        values: columns(linear, test?.linear),
      },
      { name: "chance", values: { "validation AUC": 0.5 } },
    ],
    summary: `${number(Math.abs(ahead.value), 2)} ${place} logistic regression on the pixels in the area under the ROC curve: ${sure} than the choice of images explains (95 % interval ${range(ahead)}). The ${count(validation.count)} validation images chose nothing but the threshold and the temperature${test ? "" : "; scores on the official test images, which this file lacks, are known to be clearly lower"}.`,
  };
}

/** ROC curve, calibration, classes, mistakes. */
export function xraySections(report: JudgedXRays): string[] {
  const { validation, judgement } = report;
  const { before, after, temperature, halves, chosen } = judgement;
  return [
    rocSection(rocReport(report)),
    reliabilitySection({
      states: [
        { name: "as trained", ...before },
        { name: "scaled", ...after },
      ],
      event: "pneumonia",
      note: `Temperature scaling divides the logits by one number, fitted to the cross entropy of validation images: ${number(temperature, 3)} on all of them. A fit judged on its own images flatters itself, so here each half of them is scaled by what the other half gave (${halves.map((t) => number(t, 3)).join(" and ")}).`,
    }),
    ...classifierSections({
      classes: PNEUMONIA_CLASSES,
      confusion: chosen.confusion,
      mistakes: mistakesOf(validation, judgement.scores, chosen.threshold),
    }),
  ];
}

function rocReport({ validation, judgement, linear, test }: JudgedXRays): RocReport {
  const { roc, chosen, crossed } = judgement;
  const labels = validation.labels;
  const lines = [
    { name: "this run", points: roc, area: judgement.auc.value },
    { name: "pixel regression", points: rocCurve(linear, labels), area: auc(linear, labels) },
  ];
  const judged = [
    { name: "the same images", ...chosen },
    { name: "halves, crossed", ...crossed },
  ];
  if (test) {
    const at = operatingAt(scoresOf(test.logits), test.xrays.labels, chosen.threshold);
    judged.push({
      name: `the ${count(test.xrays.count)} test images`,
      ...at,
    });
  }
  const odds = 1 / (1 + Math.exp(-chosen.threshold));
  const note = `The threshold, P(pneumonia) ≥ ${number(odds, 3)}, is the one with the largest sensitivity + specificity on the validation images (Youden). Judged on the same images it is flattered; crossed, each half of them is judged at the threshold of the other half. The tables of classes and mistakes below are at this threshold.`;
  return { lines, chosen, judged, note };
}

function mistakesOf(xrays: XRays, scores: Float64Array, threshold: number): ReportedMistake[] {
  const size = SIDE * SIDE;
  const all = Array.from(scores, (score, index) => {
    const guess = Number(score >= threshold);
    const truth = xrays.labels[index]!;
    const ill = 1 / (1 + Math.exp(-score));
    const of = (label: number) => (label === 1 ? ill : 1 - ill);
    return { index, truth, guess, confidence: of(guess), truthProbability: of(truth) };
  });
  const wrong = all
    .filter((m) => m.guess !== m.truth)
    .sort((a, b) => a.truthProbability - b.truthProbability);
  return wrong.slice(0, MISTAKES_SHOWN).map((m) => ({
    ...m,
    width: SIDE,
    height: SIDE,
    pixels: xrays.images.subarray(m.index * size, (m.index + 1) * size),
  }));
}

function range({ low, high }: Interval): string {
  return `${number(low, 3)} to ${number(high, 3)}`;
}

function withInterval(interval: Interval): string {
  return `${number(interval.value)} (${range(interval)})`;
}
