// What a confusion matrix (rows: truth, columns: guess) tells: accuracy with its interval, recall and precision per
// class, and the matrix itself as a table.

import type { ClassifierParts } from "./classifier.ts";
import { count, escapeHtml, NONE, percent } from "./text.ts";

/** Beyond this a table has too many cells to be read; the most frequent confusions are listed instead. */
const MATRIX_LIMIT = 40;
const PAIRS_LISTED = 30;

export interface Confusion {
  readonly total: number;
  readonly right: number;
  /** Per class: samples of it, guesses of it, and hits. */
  readonly truths: readonly number[];
  readonly guesses: readonly number[];
  readonly hits: readonly number[];
}

export function tally(confusion: readonly (readonly number[])[]): Confusion {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const truths = confusion.map(sum);
  const guesses = confusion.map((_, c) => sum(confusion.map((row) => row[c]!)));
  const hits = confusion.map((row, c) => row[c]!);
  return { total: sum(truths), right: sum(hits), truths, guesses, hits };
}

/** 95 % interval of a proportion, Wilson 1927: unlike the normal one it stays within [0, 1]. */
export function wilson(hits: number, total: number): [low: number, high: number] {
  const z = 1.96;
  const p = hits / total;
  const centre = p + (z * z) / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

interface Pair {
  readonly truth: number;
  readonly guess: number;
  readonly times: number;
}

/** Confusions, the most frequent first. */
export function pairs(confusion: readonly (readonly number[])[]): Pair[] {
  const found = confusion.flatMap((row, truth) =>
    row.flatMap((times, guess) => (times > 0 && guess !== truth ? [{ truth, guess, times }] : [])),
  );
  return found.sort((a, b) => b.times - a.times);
}

/** Sections "Classes" and "Confusion matrix". */
export function confusionSections(report: ClassifierParts): string {
  if (!report.classes.length) return "";
  const tallied = tally(report.confusion);
  const found = pairs(report.confusion);
  return `<div class="halves">
<section aria-labelledby="classes"><h2 id="classes">Classes</h2>
<p>Recall: the share of a class that was found. Precision: the share of its guesses that were right.</p>
${classTable(report, tallied, found)}</section>
<section aria-labelledby="confusion"><h2 id="confusion">Confusion matrix</h2>
${report.classes.length > MATRIX_LIMIT ? pairTable(report, tallied, found) : matrix(report, tallied, found)}</section>
</div>`;
}

function classTable({ classes }: ClassifierParts, tallied: Confusion, found: readonly Pair[]): string {
  const rows = classes.map((name, c) => {
    const [truths, guesses, hits] = [tallied.truths[c]!, tallied.guesses[c]!, tallied.hits[c]!];
    const worst = found.find((p) => p.truth === c);
    const taken = worst
      ? `${escapeHtml(classes[worst.guess]!)} <small>${escapeHtml(count(worst.times))}×</small>`
      : NONE;
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${count(truths)}</td><td>${meter(hits / truths)}</td><td>${meter(hits / guesses)}</td><td>${taken}</td></tr>`;
  });
  const heads = ["class", "samples", "recall", "precision", "mostly mistaken for"];
  return `<div class="card scroll" role="region" aria-label="Classes" tabindex="0"><table class="numbers">
<thead><tr>${heads.map((h) => `<th scope="col">${h}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

function meter(share: number): string {
  const text = escapeHtml(percent(share));
  if (!Number.isFinite(share)) return text;
  return `${text}<span class="meter"><i style="width:${(100 * share).toFixed(1)}%"></i></span>`;
}

function matrix({ classes, confusion }: ClassifierParts, tallied: Confusion, found: readonly Pair[]): string {
  const rows = confusion.map((row, t) => {
    const cells = row.map((times, g) => {
      const share = tallied.truths[t] ? times / tallied.truths[t]! : 0;
      const title = `${classes[t]} taken for ${classes[g]}: ${count(times)} of ${count(tallied.truths[t]!)} (${percent(share)})`;
      return `<td class="${shade(times, t === g)}" style="--s:${strength(share, t === g)}%" title="${escapeHtml(title)}">${times}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(classes[t]!)}</th>${cells.join("")}</tr>`;
  });
  const top = found.slice(0, 3).map((p) => `${classes[p.truth]} as ${classes[p.guess]} (${count(p.times)})`);
  const most = top.length ? ` Most frequent confusions: ${top.join(", ")}.` : "";
  const caption = `Rows: the truth; columns: the guess. Colour: the share of the row, blue where right, orange where wrong (stretched, so that rare mistakes show).${most}`;
  return `<p>${escapeHtml(caption)}</p>
<div class="card scroll" role="region" aria-label="Confusion matrix" tabindex="0"><table class="matrix">
<caption class="hidden">Counts by truth (rows) and guess (columns)</caption>
<thead><tr><th scope="col" class="corner"><small>truth \\ guess</small></th>${classes.map((c) => `<th scope="col">${escapeHtml(c)}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

function shade(times: number, right: boolean): string {
  if (!times) return "zero";
  return right ? "right" : "wrong";
}

/** Cube root for mistakes: one in a thousand is still a tenth of the full colour. */
function strength(share: number, right: boolean): number {
  return Math.round(100 * (right ? share : Math.cbrt(share)));
}

function pairTable({ classes }: ClassifierParts, tallied: Confusion, found: readonly Pair[]): string {
  const rows = found.slice(0, PAIRS_LISTED).map((p) => {
    const share = percent(p.times / tallied.truths[p.truth]!);
    return `<tr><th scope="row">${escapeHtml(classes[p.truth]!)}</th><td>${escapeHtml(classes[p.guess]!)}</td><td>${count(p.times)}</td><td>${escapeHtml(share)}</td></tr>`;
  });
  const heads = ["truth", "guess", "times", "share of the truth's samples"];
  return `<p>The most frequent ${count(rows.length)} of ${count(found.length)} confusions between ${count(classes.length)} classes.</p>
<div class="card scroll" role="region" aria-label="Most frequent confusions" tabindex="0"><table class="numbers">
<thead><tr>${heads.map((h) => `<th scope="col">${h}</th>`).join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}
