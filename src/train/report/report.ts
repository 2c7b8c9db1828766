// One HTML page that tells a training run: everything inline, no script, no request to anywhere. Text in, text out: it
// runs in a browser's worker as well as in Node. Charts: chart.ts; tables: confusion.ts; pictures: pictures.ts.

import { ShapeError } from "../../gpu/errors.ts";
import type { EpochReport } from "../fit.ts";
import { confusionSections, tally, wilson } from "./confusion.ts";
import { curvesSection, smooth } from "./curves.ts";
import { filtersSection, mistakesSection } from "./pictures.ts";
import { STYLE } from "./style.ts";
import { count, escapeHtml, number, percent } from "./text.ts";

export interface RunReport {
  readonly title: string;
  /** The result in a sentence. */
  readonly summary: string;
  /** Configuration and circumstances, in this order. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** One value per report; values that are not finite are gaps. */
  readonly curves: {
    readonly step: readonly number[];
    readonly loss: readonly number[];
    readonly accuracy: readonly number[];
    readonly lr: readonly number[];
  };
  /** Marks in the curves and, where it has validation values, points. */
  readonly epochs?: readonly EpochReport[];
  readonly classes: readonly string[];
  /** [classes, classes], rows = truth, columns = guess. */
  readonly confusion: readonly (readonly number[])[];
  /** Weights of the first convolution, [o, c, kh, kw]. */
  readonly filters: { readonly data: Float32Array; readonly shape: readonly number[] };
  /** Worst first. */
  readonly mistakes: readonly ReportedMistake[];
}

export interface ReportedMistake {
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  /** Probability given to the guess and to the truth. */
  readonly confidence: number;
  readonly truthProbability: number;
  readonly width: number;
  readonly height: number;
  /** [height, width] grey, or [height, width, 3] in colour. */
  readonly pixels: Uint8Array;
}

/**
 * The page of a run. Robust against what a failed run holds (values not finite, no mistakes, one step only); throws
 * ShapeError for parts that do not fit each other.
 */
export function renderReport(report: RunReport): string {
  checkShapes(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="wgrad">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>${escapeHtml(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<div><h1>${escapeHtml(report.title)}</h1>
<p class="lead">${escapeHtml(report.summary)}</p>
${headline(report)}</div>
${factsTable(report.facts)}
</header>
${curvesSection(report)}
${confusionSections(report)}
${filtersSection(report)}
${mistakesSection(report)}
</main>
<footer>Made by wgrad. This page is complete in itself: it loads nothing and runs no script.</footer>
</body>
</html>
`;
}

function checkShapes({ curves, classes, confusion }: RunReport): void {
  const { step, loss, accuracy, lr } = curves;
  if ([loss, accuracy, lr].some((c) => c.length !== step.length)) {
    const lengths = `step [${step.length}], loss [${loss.length}], accuracy [${accuracy.length}], lr [${lr.length}]`;
    throw new ShapeError(`renderReport: curves must have one length, ${lengths}`);
  }
  const n = classes.length;
  if (confusion.length !== n || confusion.some((row) => row.length !== n)) {
    const shape = `[${confusion.length},${confusion.map((row) => row.length).join("/")}]`;
    throw new ShapeError(
      `renderReport: confusion must be [classes, classes], classes [${n}], confusion ${shape}`,
    );
  }
}

function headline({ curves, confusion }: RunReport): string {
  const { total, right } = tally(confusion);
  const tiles: string[] = [];
  const tile = (value: string, label: string, main = "") =>
    tiles.push(`<div${main}><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`);
  if (total) {
    const [low, high] = wilson(right, total);
    const interval = `${percent(low, 2)} to ${percent(high, 2)}`;
    tile(percent(right / total, 2), `accuracy (95 % interval ${interval})`, ' class="main"');
    tile(count(total - right), `wrong of ${count(total)}`);
  }
  const loss = smooth(curves.loss).at(-1);
  if (loss !== undefined) {
    tile(Number.isFinite(loss) ? number(loss, 3) : "not finite", "training loss at the end");
  }
  return tiles.length ? `<dl class="tiles">${tiles.join("")}</dl>` : "";
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
