// Pictures as PNG data URIs: weights of the first layer on a diverging map around 0, and the samples judged worst.

import { scaleLinear } from "d3-scale";
import { encode } from "fast-png";
import { ShapeError } from "../../gpu/errors.ts";
import type { ClassifierParts, ReportedMistake } from "./classifier.ts";
import { tally } from "./confusion.ts";
import { count, escapeHtml, number, percent } from "./text.ts";

/** Longer side of a picture on the page, in CSS pixels. */
const FILTER_SIZE = 60;
const MISTAKE_SIZE = 96;
const FILTERS_SHOWN = 96;
/** Input channels drawn of each filter. */
const CHANNELS_SHOWN = 16;

// ColorBrewer's RdBu, reversed: safe for the common kinds of colour blindness, light at 0 as its middle.
const STOPS = [-1, -0.5, 0, 0.5, 1];
const COLOURS = ["#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b"];
const CHANNELS = [1, 3, 5].map((at) =>
  scaleLinear()
    .domain(STOPS)
    .range(COLOURS.map((c) => Number.parseInt(c.slice(at, at + 2), 16)))
    .clamp(true),
);

/** Bytes [height, width, channels] as a PNG in a data URI. */
export function pngUri(width: number, height: number, data: Uint8Array, channels: number): string {
  const bytes = encode({ width, height, data, channels, depth: 8 });
  let text = "";
  // In pieces: each argument of a call takes room on the stack.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return `data:image/png;base64,${btoa(text)}`;
}

/** Section "First-layer filters". */
export function filtersSection({ data, shape }: NonNullable<ClassifierParts["filters"]>): string {
  if (shape.length !== 4 || shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new ShapeError(
      `renderReport: filters must be [o, c, kh, kw] with all their values, filters [${shape}], ${data.length} values`,
    );
  }
  if (!data.length) return "";
  const [o, c] = shape as [number, number, number, number];
  let limit = 0;
  for (const w of data) if (Number.isFinite(w)) limit = Math.max(limit, Math.abs(w));
  const figures = Array.from({ length: Math.min(o, FILTERS_SHOWN) }, (_, k) =>
    filterFigure(data.subarray((k * data.length) / o, ((k + 1) * data.length) / o), shape, k, limit),
  );
  const notes = [`${count(o)} filters of ${shape[2]} × ${shape[3]} weights`];
  if (c > 1) notes.push(`${count(c)} input channels each, side by side`);
  if (c > CHANNELS_SHOWN) notes.push(`the first ${CHANNELS_SHOWN} channels are shown`);
  if (o > FILTERS_SHOWN) notes.push(`the first ${FILTERS_SHOWN} filters are shown`);
  if (data.some((w) => !Number.isFinite(w))) notes.push("weights that are not finite are left out");
  return `<section aria-labelledby="filters"><h2 id="filters">First-layer filters</h2>
<p>${escapeHtml(`${notes.join("; ")}. One scale for all:`)}</p>
<p class="scale"><span>${escapeHtml(number(-limit, 3))}</span><span class="ramp"></span><span>${escapeHtml(number(limit, 3))}</span></p>
<div class="filters">${figures.join("\n")}</div></section>`;
}

function filterFigure(weights: Float32Array, shape: readonly number[], k: number, limit: number): string {
  const [, c, kh, kw] = shape as [number, number, number, number];
  const channels = Math.min(c, CHANNELS_SHOWN);
  const columns = channels <= 4 ? channels : Math.ceil(Math.sqrt(channels));
  // One transparent pixel between channels.
  const width = columns * (kw + 1) - 1;
  const height = Math.ceil(channels / columns) * (kh + 1) - 1;
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < channels * kh * kw; i++) {
    const channel = Math.floor(i / (kh * kw));
    const y = Math.floor(channel / columns) * (kh + 1) + (Math.floor(i / kw) % kh);
    const x = (channel % columns) * (kw + 1) + (i % kw);
    if (Number.isFinite(weights[i]))
      rgba.set(diverging(limit ? weights[i]! / limit : 0), (y * width + x) * 4);
  }
  const finite = weights.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const range = finite.length ? `weights from ${number(low, 3)} to ${number(high, 3)}` : "no finite weights";
  const size = fit(width, height, channels > 1 ? 2 * FILTER_SIZE : FILTER_SIZE);
  return `<figure title="${escapeHtml(range)}"><img src="${pngUri(width, height, rgba, 4)}" ${size} alt="${escapeHtml(`Filter ${k + 1}: ${range}`)}"><figcaption>${k + 1}</figcaption></figure>`;
}

function diverging(value: number): number[] {
  return [...CHANNELS.map((channel) => Math.round(channel(value))), 255];
}

/** CSS of the map, for its legend. */
export const RAMP = `linear-gradient(90deg, ${COLOURS.join(", ")})`;

/** Attributes of a picture enlarged to `size`; whole multiples where it is small, so that its pixels stay squares. */
function fit(width: number, height: number, size: number): string {
  const scale = size / Math.max(width, height);
  const factor = scale >= 2 ? Math.floor(scale) : scale;
  const side = (n: number) => Math.max(1, Math.round(n * factor));
  return `width="${side(width)}" height="${side(height)}"`;
}

/** Section "Worst mistakes". */
export function mistakesSection(report: ClassifierParts): string {
  const { total, right } = tally(report.confusion);
  const wrong = total - right;
  const shown = report.mistakes.length;
  const note = shown
    ? `${count(shown)}${wrong > shown ? ` of ${count(wrong)}` : ""}, the least probability of the truth first. Bars: probability of the guess (orange) and of the truth (blue).`
    : wrong
      ? "No pictures of the mistakes were kept."
      : "None: every sample was judged right.";
  const figures = report.mistakes.map((m) => mistakeFigure(m, report.classes));
  return `<section aria-labelledby="mistakes"><h2 id="mistakes">Worst mistakes</h2>
<p>${escapeHtml(total || shown ? note : "Nothing was judged.")}</p>
${shown ? `<div class="mistakes">${figures.join("\n")}</div>` : ""}</section>`;
}

function mistakeFigure(m: ReportedMistake, classes: readonly string[]): string {
  const { width, height, pixels } = m;
  const channels = pixels.length / (width * height);
  if (![1, 3, 4].includes(channels)) {
    throw new ShapeError(
      `renderReport: pixels of mistake ${m.index} must be [height, width] or [height, width, 3], height ${height}, width ${width}, ${pixels.length} bytes`,
    );
  }
  const name = (c: number) => classes[c] ?? String(c);
  const [truth, guess] = [escapeHtml(name(m.truth)), escapeHtml(name(m.guess))];
  const bar = (p: number) => `${(100 * Math.min(1, Math.max(0, p || 0))).toFixed(1)}%`;
  const sizes = fit(width, height, MISTAKE_SIZE);
  return `<figure class="card" title="sample ${escapeHtml(count(m.index))}">
<div class="frame"><img src="${pngUri(width, height, pixels, channels)}" ${sizes} alt="Sample ${escapeHtml(String(m.index))}, ${truth}, taken for ${guess}"></div>
<figcaption><span class="guess">guess <b>${guess}</b> <small>${escapeHtml(percent(m.confidence))}</small></span>
<span class="meter wrong"><i style="width:${bar(m.confidence)}"></i></span>
<span class="truth">truth <b>${truth}</b> <small>${escapeHtml(percent(m.truthProbability))}</small></span>
<span class="meter"><i style="width:${bar(m.truthProbability)}"></i></span></figcaption></figure>`;
}
