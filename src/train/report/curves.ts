// Learning curves: loss, accuracy and learning rate over the steps, each with a sentence that says what it does.

import type { EpochReport } from "../fit.ts";
import { type ChartOptions, lineChart, type Series } from "./chart.ts";
import type { RunReport } from "./report.ts";
import { count, escapeHtml, number, percent } from "./text.ts";

/** Values on each side that the smooth line averages, as a share of all. */
const WINDOW = 1 / 25;
/** With more epochs, marks at their ends would hide the curves. */
const MARKS_LIMIT = 30;

/** Groups of values on each side: weighing each value would take time with the square of the run. */
const GROUPS = 64;

/**
 * A moving average with triangular weights; gaps (values not finite) stay gaps and do not count. At the start the
 * window is no longer to the right than to the left, plus one: the loss falls steeply there. Long windows weigh
 * groups of values instead of each by itself.
 */
export function smooth(values: readonly number[], window = Math.round(values.length * WINDOW)): number[] {
  const group = Math.max(1, Math.ceil(window / GROUPS));
  const sums = new Float64Array(Math.ceil(values.length / group));
  const counts = new Uint32Array(sums.length);
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    sums[Math.floor(i / group)]! += value;
    counts[Math.floor(i / group)]!++;
  });
  return values.map((value, i) => {
    if (!Number.isFinite(value)) return Number.NaN;
    const first = Math.floor(Math.max(0, i - window) / group);
    const last = Math.floor(Math.min(values.length - 1, i + Math.min(window, i + 1)) / group);
    let sum = 0;
    let weights = 0;
    for (let g = first; g <= last; g++) {
      const middle = g * group + (group - 1) / 2;
      const weight = Math.max(0, window + 1 - Math.abs(i - middle));
      sum += weight * sums[g]!;
      weights += weight * counts[g]!;
    }
    return sum / weights;
  });
}

/** "Loss: from 2.3 at step 25 to 0.06 at step 1,875; lowest 0.04 at step 1,800." */
export function describe(
  name: string,
  x: readonly number[],
  y: readonly number[],
  format: (value: number) => string = (v) => number(v, 3),
): string {
  const at = y.flatMap((v, i) => (Number.isFinite(v) ? [i] : []));
  const gaps = y.length - at.length;
  const lost = gaps ? ` ${count(gaps)} of ${count(y.length)} values are not finite: gaps.` : "";
  if (!at.length) return `${name}: no values.${lost}`;
  const say = (i: number) => `${format(y[i]!)} at step ${count(x[i]!)}`;
  const [first, last] = [at[0]!, at[at.length - 1]!];
  if (first === last) return `${name}: ${say(first)}, the only value.${lost}`;
  const low = at.reduce((a, i) => (y[i]! < y[a]! ? i : a), first);
  const high = at.reduce((a, i) => (y[i]! > y[a]! ? i : a), first);
  if (y[low] === y[high]) return `${name}: ${format(y[first]!)} at every step.${lost}`;
  const extremes = [low, high].filter((i) => i !== first && i !== last);
  const also = extremes.map((i) => `; ${i === low ? "lowest" : "highest"} ${say(i)}`).join("");
  return `${name}: from ${say(first)} to ${say(last)}${also}.${lost}`;
}

/** Section "Learning curves". */
export function curvesSection({ curves, epochs = [] }: RunReport): string {
  const marks = epochs.length <= MARKS_LIMIT ? epochs.map((e) => e.step) : [];
  const chart = (key: "loss" | "accuracy", title: string, options: Partial<ChartOptions>) => {
    const values = curves[key];
    const smoothed = smooth(values);
    const raw: Series = { label: "one report", x: curves.step, y: values, look: "faint" };
    const strong: Series = { label: "smoothed", x: curves.step, y: smoothed, look: "strong" };
    const same = values.every((v, i) => !Number.isFinite(v) || v === smoothed[i]);
    const judged = validation(epochs, key);
    const series = [...(same ? [] : [raw]), same ? { ...strong, label: key } : strong, ...judged];
    const text = [describe(same ? "Training" : "Training, smoothed", curves.step, smoothed, options.format)];
    for (const s of judged) text.push(describe("Validation", s.x, s.y, options.format));
    return lineChart({ id: key, title, summary: text.join(" "), series, marks, ...options });
  };
  const lr = lineChart({
    id: "lr",
    title: "Learning rate",
    summary: describe("Learning rate", curves.step, curves.lr),
    series: [{ label: "learning rate", x: curves.step, y: curves.lr, look: "strong" }],
    include: [0],
    marks,
  });
  const top = (v: number) => percent(v, Number.isInteger(Math.round(v * 1e6) / 1e4) ? 0 : 1);
  return `<section aria-labelledby="curves"><h2 id="curves">Learning curves</h2>
<div class="columns">
${chart("loss", "Loss", { log: true })}
${chart("accuracy", "Accuracy", { include: [1], format: top })}
${lr}
</div>${epochTable(epochs)}</section>`;
}

function validation(epochs: readonly EpochReport[], key: "loss" | "accuracy"): Series[] {
  const judged = epochs.filter((e) => Number.isFinite(e[key]));
  if (!judged.length) return [];
  const x = judged.map((e) => e.step);
  return [{ label: "validation", x, y: judged.map((e) => e[key]), look: "dots" }];
}

function epochTable(epochs: readonly EpochReport[]): string {
  if (!epochs.length) return "";
  const judged = epochs.some((e) => Number.isFinite(e.loss) || Number.isFinite(e.accuracy));
  const heads = ["epoch", "step", "training loss", "training accuracy"];
  if (judged) heads.push("validation loss", "validation accuracy");
  const rows = epochs.map((e) => {
    const cells = [count(e.step), number(e.trainLoss), percent(e.trainAccuracy, 2)];
    if (judged) cells.push(number(e.loss), percent(e.accuracy, 2));
    const values = cells.map((c) => `<td>${escapeHtml(c)}</td>`).join("");
    return `<tr><th scope="row">${escapeHtml(count(e.epoch))}</th>${values}</tr>`;
  });
  return `
<details class="card"><summary>The ${epochs.length === 1 ? "epoch" : `${count(epochs.length)} epochs`} in numbers</summary>
<div class="scroll" role="region" aria-label="Epochs" tabindex="0"><table class="numbers">
<thead><tr>${heads.map((h) => `<th scope="col">${h}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></details>`;
}
