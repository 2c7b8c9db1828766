// Learning curves: loss, accuracy, learning rate and whatever else a run reports over its steps, each with a sentence that says
// what it does; several runs in one chart.

import { ShapeError } from "../../gpu/errors.ts";
import type { EpochReport } from "../fit.ts";
import { type ChartOptions, lineChart, type Series } from "./chart.ts";
import type { Tile } from "./report.ts";
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

/** What one run reported; values that are not finite are gaps. */
export interface RunCurves {
  /** Tells it from other runs; "" for a run alone. */
  readonly name: string;
  readonly step: readonly number[];
  /** "loss", "accuracy", "lr", ...: one value a step reported. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** What was judged now and then, such as the loss of validation data. */
  readonly judged?: readonly { readonly step: number; readonly values: Readonly<Record<string, number>> }[];
}

/** How a value is drawn; others are drawn by their own name on a linear axis. */
const KNOWN: Readonly<Record<string, Partial<ChartOptions>>> = {
  loss: { title: "Loss", log: true },
  accuracy: { title: "Accuracy", include: [1], format: axisPercent },
  lr: { title: "Learning rate", include: [0] },
};
/** More runs than this are not told one by one. */
const SUMMED_UP = 6;
/** Set by the schedule, without noise. */
const EXACT = "lr";

function axisPercent(v: number): string {
  return percent(v, Number.isInteger(Math.round(v * 1e6) / 1e4) ? 0 : 1);
}

/** Section "Learning curves". `charts` are further ones that stand among them. Throws ShapeError. */
export function curvesSection(
  runs: readonly RunCurves[],
  epochs: readonly EpochReport[] = [],
  charts: readonly ChartOptions[] = [],
): string {
  for (const run of runs) checkLengths(run);
  const marks = epochs.length <= MARKS_LIMIT ? epochs.map((e) => e.step) : [];
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.values)))];
  const loose = runs.flatMap((run) => (run.judged ?? []).flatMap(({ values }) => Object.keys(values)));
  const all = [
    ...keys.filter((key) => key !== EXACT),
    ...new Set(loose.filter((key) => !keys.includes(key))),
  ];
  if (keys.includes(EXACT)) all.push(EXACT);
  const drawn = all.map((key) => curveChart(key, runs, marks));
  const more = charts.map((options) => lineChart(options));
  if (!drawn.length && !more.length) return "";
  return `<section aria-labelledby="curves"><h2 id="curves">Learning curves</h2>
<div class="columns">
${[...drawn, ...more].join("\n")}
</div>${epochTable(epochs)}</section>`;
}

function checkLengths({ name, step, values }: RunCurves): void {
  if (Object.values(values).every((v) => v.length === step.length)) return;
  const lengths = Object.entries(values).map(([key, v]) => `${key} [${v.length}]`);
  const of = name ? ` of ${name}` : "";
  throw new ShapeError(
    `renderReport: curves${of} must have one length, step [${step.length}], ${lengths.join(", ")}`,
  );
}

function curveChart(key: string, runs: readonly RunCurves[], marks: readonly number[]): string {
  const known = KNOWN[key] ?? {};
  const several = runs.length > 1;
  const drawn = runs.map((run, i) => curve(key, run, several ? i : undefined, known.format));
  const title = key.charAt(0).toUpperCase() + key.slice(1);
  const options = { id: key.replace(/\W+/g, "-"), title, marks: several ? [] : marks, ...known };
  return lineChart({
    ...options,
    summary: runs.length > SUMMED_UP ? sumUp(key, runs) : drawn.map((d) => d.summary).join(" "),
    series: drawn.flatMap((d) => d.series),
  });
}

/** Where the ends of many runs lie, instead of a sentence for each. */
function sumUp(key: string, runs: readonly RunCurves[]): string {
  const ends = runs.flatMap(({ name, values, judged = [] }) => {
    const own = smooth(values[key] ?? []).findLast(Number.isFinite) ?? judged.at(-1)?.values[key];
    return own === undefined || !Number.isFinite(own) ? [] : [{ name, own }];
  });
  if (!ends.length) return `${count(runs.length)} runs, no values.`;
  ends.sort((a, b) => a.own - b.own);
  const [low, high] = [ends[0]!, ends.at(-1)!];
  const say = ({ name, own }: { name: string; own: number }) => `${number(own, 3)} (${name})`;
  return `${count(runs.length)} runs; they end between ${say(low)} and ${say(high)}.`;
}

/** The lines of one run, and the sentence about them. */
function curve(key: string, run: RunCurves, tone: number | undefined, format: ChartOptions["format"]) {
  const x = run.step;
  const y = run.values[key] ?? [];
  const several = tone !== undefined;
  const smoothed = key === EXACT ? y : smooth(y);
  const same = y.every((v, i) => !Number.isFinite(v) || v === smoothed[i]);
  const series: Series[] = [];
  const text: string[] = [];
  if (y.length || !run.judged?.length) {
    if (!same && !several) series.push({ label: "one report", x, y, look: "faint" });
    const alone = same ? (key === EXACT ? "learning rate" : key) : "smoothed";
    series.push({ label: several ? run.name : alone, x, y: smoothed, look: "strong", tone });
    const what = key === EXACT ? "Learning rate" : same ? "Training" : "Training, smoothed";
    text.push(describe(several ? run.name : what, x, smoothed, format));
  }
  const judged = (run.judged ?? []).filter(({ values }) => Number.isFinite(values[key]));
  if (judged.length) {
    const label = y.length ? (several ? `${run.name}, validation` : "validation") : several ? run.name : key;
    const dots = { x: judged.map((j) => j.step), y: judged.map((j) => j.values[key]!) };
    series.push({ label, ...dots, look: y.length ? "dots" : "strong", tone });
    const what = y.length ? (several ? `${run.name}, validation` : "Validation") : several ? run.name : key;
    text.push(describe(what, dots.x, dots.y, format));
  }
  return { series, summary: text.join(" ") };
}

/** The training loss at the end, smoothed; none without a report. */
export function lossTile(loss: readonly number[]): Tile[] {
  const last = smooth(loss).at(-1);
  if (last === undefined) return [];
  const value = Number.isFinite(last) ? number(last, 3) : "not finite";
  return [{ value, label: "training loss at the end" }];
}

/** Validation of every epoch, as RunCurves has it. */
export function judgedEpochs(epochs: readonly EpochReport[]): NonNullable<RunCurves["judged"]> {
  return epochs.map(({ step, loss, accuracy }) => ({ step, values: { loss, accuracy } }));
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
