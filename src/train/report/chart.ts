// Line charts as SVG text: axes, grid, legend, gaps where values are not finite, tooltips by <title>. No DOM, no script.

import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { count, escapeHtml, number } from "./text.ts";

export interface Series {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** faint: the raw values; strong: a line; dots: separate measurements; thin: a line to compare with, such as a diagonal. */
  readonly look: "faint" | "strong" | "dots" | "thin";
  /** One of TONES colours, where several runs stand in one chart. Default: blue, dots orange. */
  readonly tone?: number;
}

/** Colours that can be told apart. */
export const TONES = 8;

export interface ChartOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the curves do, in a sentence: for those who do not see them, and as the caption. */
  readonly summary: string;
  readonly series: readonly Series[];
  /** Logarithmic if all values are positive and span more than LOG_FROM; default: linear. */
  readonly log?: boolean;
  /** Values the y axis has to include. */
  readonly include?: readonly number[];
  readonly format?: (value: number) => string;
  /** Places on the x axis with a vertical mark. */
  readonly marks?: readonly number[];
  /** What the x axis counts; default "step", in whole numbers. */
  readonly xLabel?: string;
  /** Ticks that are no whole numbers, and this range instead of that of the values. */
  readonly xDomain?: readonly [number, number];
}

interface Point {
  readonly x: number;
  readonly y: number;
}
type Scale = ScaleContinuousNumeric<number, number>;

// Units of the drawing; a column of the page is about as wide, so text keeps its size.
const WIDTH = 400;
const HEIGHT = 250;
const LEFT = 58;
const RIGHT = WIDTH - 10;
const TOP = 10;
const BOTTOM = HEIGHT - 42;

/** Ratio of largest to smallest value from which a logarithmic axis shows more than a linear one. */
const LOG_FROM = 8;
/** A line keeps its lowest and highest point of each of so many bands: more cannot be told apart. */
const BANDS = 300;
/** Places where the pointer finds a tooltip. */
const TOOLTIPS = 80;

export function lineChart(options: ChartOptions): string {
  const { id, title, summary, series } = options;
  const points = series.map((s) => pointsOf(s));
  const finite = points.flat().filter(isFinitePoint);
  const x = xScale(finite, options);
  const y = yScale(finite, options);
  const name = isLog(y) ? `${title} (logarithmic axis)` : title;
  const body = finite.length
    ? series.map((s, i) => drawSeries(s, points[i]!, x, y)).join("") + tooltips(options, points, x, y)
    : `<text class="none" x="${(LEFT + RIGHT) / 2}" y="${(TOP + BOTTOM) / 2}">no values</text>`;
  return `<figure class="card chart">
<h3>${escapeHtml(title)}${isLog(y) ? ` <small>logarithmic axis</small>` : ""}</h3>
${legend(series)}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(name)}" aria-describedby="${id}-summary">
${axes(x, y, options)}${body}
</svg>
<figcaption id="${id}-summary">${escapeHtml(summary)}</figcaption>
</figure>`;
}

function pointsOf(series: Series): Point[] {
  return series.x.map((x, i) => ({ x, y: series.y[i]! }));
}

export function isFinitePoint(p: Point): boolean {
  return Number.isFinite(p.x) && Number.isFinite(p.y);
}

/** From 0, unless the run shown starts late. */
function xScale(points: readonly Point[], { xDomain }: ChartOptions): Scale {
  if (xDomain) return scaleLinear(xDomain, [LEFT, RIGHT]);
  const low = least(points.map((p) => p.x));
  const high = most(points.map((p) => p.x));
  const scale = scaleLinear().range([LEFT, RIGHT]);
  if (!points.length) return scale.domain([0, 1]);
  if (low === high) return scale.domain(low > 0 ? [0, 2 * low] : [low - 1, low + 1]);
  return scale.domain([low >= 0 && low < high / 2 ? 0 : low, high]);
}

function yScale(points: readonly Point[], { log, include = [] }: ChartOptions): Scale {
  const values = [...points.map((p) => p.y), ...include];
  const low = values.length ? least(values) : 0;
  const high = values.length ? most(values) : 1;
  if (log && low > 0 && high / low > LOG_FROM) {
    const margin = (high / low) ** 0.04;
    return scaleLog()
      .domain([low / margin, high * margin])
      .range([BOTTOM, TOP]);
  }
  const scale = scaleLinear().range([BOTTOM, TOP]);
  if (low === high) return scale.domain(low === 0 ? [0, 1] : [Math.min(0, 2 * low), Math.max(0, 2 * low)]);
  return scale.domain([low, high]).nice(5);
}

// Spreading into Math.min overflows the stack at some 100,000 values.
function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

function isLog(scale: Scale): boolean {
  return "base" in scale;
}

/** 1, 2, 5 in each decade, or whole decades where there are many. */
function logTicks([low, high]: readonly number[]): number[] {
  const first = Math.floor(Math.log10(low!));
  const last = Math.ceil(Math.log10(high!));
  const mantissas = last - first <= 3 ? [1, 2, 5] : [1];
  const every = Math.ceil((last - first) / 8);
  const ticks: number[] = [];
  for (let e = first; e <= last; e += every) for (const m of mantissas) ticks.push(Number(`${m}e${e}`));
  return ticks.filter((t) => t >= low! && t <= high!);
}

function yLabel(scale: Scale, format: ChartOptions["format"]): (value: number) => string {
  if (format) return format;
  if (isLog(scale)) return (v) => number(v, 2);
  const size = Math.max(...scale.domain().map(Math.abs));
  const label = scale.tickFormat(5, size < 2e-3 || size >= 1e5 ? "~e" : "~f");
  return (v) => (v === 0 ? "0" : label(v));
}

function axes(x: Scale, y: Scale, { format, marks = [], xLabel = "step", xDomain }: ChartOptions): string {
  const label = yLabel(y, format);
  const rows = isLog(y) ? logTicks(y.domain()) : y.ticks(5);
  const columns = xDomain ? x.ticks(5) : x.ticks(4).filter(Number.isInteger);
  const parts = rows.map((v) => {
    const at = round(y(v));
    return (
      `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${at}" y2="${at}"/>` +
      `<text class="y" x="${LEFT - 7}" y="${at}" dy="0.32em">${escapeHtml(label(v))}</text>`
    );
  });
  for (const v of columns) {
    const at = round(x(v));
    parts.push(
      `<line class="tick" x1="${at}" x2="${at}" y1="${BOTTOM}" y2="${BOTTOM + 4}"/>` +
        `<text class="x${at > RIGHT - 12 ? " end" : ""}" x="${at}" y="${BOTTOM + 18}">${escapeHtml(xDomain ? number(v) : count(v))}</text>`,
    );
  }
  const [from, to] = x.domain();
  for (const v of marks.filter((m) => m > from! && m < to!)) {
    parts.push(`<line class="mark" x1="${round(x(v))}" x2="${round(x(v))}" y1="${TOP}" y2="${BOTTOM}"/>`);
  }
  parts.push(`<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`);
  parts.push(`<text class="x" x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 6}">${escapeHtml(xLabel)}</text>`);
  return parts.join("");
}

function classOf({ look, tone }: Series): string {
  return tone === undefined ? look : `${look} tone${tone % TONES}`;
}

function drawSeries(series: Series, points: readonly Point[], x: Scale, y: Scale): string {
  const dot = (p: Point, r: number) =>
    `<circle class="${classOf(series)}" cx="${round(x(p.x))}" cy="${round(y(p.y))}" r="${r}"/>`;
  if (series.look === "dots") {
    return points
      .filter(isFinitePoint)
      .map((p) => dot(p, 4))
      .join("");
  }
  const path = line<Point>()
    .defined(isFinitePoint)
    .x((p) => round(x(p.x)))
    .y((p) => round(y(p.y)))(thin(points));
  // A line through a single point between two gaps has no length.
  const alone = points.filter(
    (p, i) => isFinitePoint(p) && ![points[i - 1], points[i + 1]].some((q) => q && isFinitePoint(q)),
  );
  return `<path class="${classOf(series)}" d="${path ?? ""}"/>` + alone.map((p) => dot(p, 3)).join("");
}

/** At most the lowest and the highest point (or one gap) of each band, in their order. */
function thin(points: readonly Point[]): readonly Point[] {
  if (points.length <= 2 * BANDS) return points;
  const kept: Point[] = [];
  for (let b = 0; b < BANDS; b++) {
    const from = Math.floor((b * points.length) / BANDS);
    const band = points.slice(from, Math.floor(((b + 1) * points.length) / BANDS));
    const finite = band.filter(isFinitePoint);
    const low = finite.reduce<Point | undefined>((a, p) => (a && a.y <= p.y ? a : p), undefined);
    const high = finite.reduce<Point | undefined>((a, p) => (a && a.y >= p.y ? a : p), undefined);
    const gap = finite.length ? undefined : band[0];
    kept.push(...band.filter((p) => p === low || p === high || p === gap));
  }
  return kept;
}

/** Bands over the whole height: the pointer does not have to meet the line. */
function tooltips(options: ChartOptions, points: readonly Point[][], x: Scale, y: Scale): string {
  const format = options.format ?? ((v: number) => number(v));
  const drawn = options.series.findIndex((s) => s.look === "strong");
  const all = points[drawn]?.filter(isFinitePoint) ?? [];
  const every = Math.max(1, Math.ceil(all.length / TOOLTIPS));
  const shown = all.filter((_, i) => (all.length - 1 - i) % every === 0);
  const middle = (a: Point, b: Point) => (x(a.x) + x(b.x)) / 2;
  const lines = options.series.map((s, i) => ({
    label: s.label,
    at: s.look === "dots" ? new Map<number, number>() : new Map(points[i]!.map((p) => [p.x, p.y])),
  }));
  return shown
    .map((p, i) => {
      const from = i ? middle(shown[i - 1]!, p) : LEFT;
      const to = i < shown.length - 1 ? middle(p, shown[i + 1]!) : RIGHT;
      const values = lines.flatMap(({ label, at }) =>
        at.has(p.x) ? [`${label} ${format(at.get(p.x)!)}`] : [],
      );
      return (
        `<g class="hit"><title>${escapeHtml(`${options.xLabel ?? "step"} ${options.xDomain ? number(p.x) : p.x}: ${values.join(", ")}`)}</title>` +
        `<rect x="${round(from)}" y="${TOP}" width="${round(Math.max(0, to - from))}" height="${BOTTOM - TOP}"/>` +
        `<circle cx="${round(x(p.x))}" cy="${round(y(p.y))}" r="3.5"/></g>`
      );
    })
    .join("");
}

function legend(series: readonly Series[]): string {
  const items = series.map((s) => `<li class="${classOf(s)}">${escapeHtml(s.label)}</li>`);
  return `<ul class="legend">${items.join("")}</ul>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
