// Section of signal strips: a piece of a recording for each beat, the beat in the middle of what the model saw, as SVG.

import { escapeHtml } from "./text.ts";

export interface Strip {
  readonly title: string;
  /** What the model said of it. */
  readonly note: string;
  /** Right or wrong: the colour of the line above it. */
  readonly right: boolean;
  /** Values at equal distances. */
  readonly values: ArrayLike<number>;
  /** Where the model began and ceased to look, as shares of the width. */
  readonly seen: readonly [from: number, to: number];
  /** The place that is asked about, as such a share; null: all of it. */
  readonly beat: number | null;
}

export interface StripGroup {
  readonly title: string;
  readonly note: string;
  readonly strips: readonly Strip[];
}

const WIDTH = 300;
const HEIGHT = 96;
const MARGIN = 8;

/** @param id unique in the page */
export function stripsSection(id: string, title: string, groups: readonly StripGroup[]): string {
  const shown = groups.filter((g) => g.strips.length > 0);
  if (shown.length === 0) return "";
  const parts = shown.map(
    (g) => `<h3>${escapeHtml(g.title)}</h3>
<p>${escapeHtml(g.note)}</p>
<div class="columns strips">${g.strips.map(strip).join("\n")}</div>`,
  );
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>
${parts.join("\n")}</section>`;
}

function strip({ title, note, right, values, seen, beat }: Strip): string {
  const finite = Array.from(values).filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const scale = high > low ? (HEIGHT - 2 * MARGIN) / (high - low) : 0;
  const points = Array.from(values, (v, i) => {
    if (!Number.isFinite(v)) return "";
    const x = (i / Math.max(1, values.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - MARGIN - (v - low) * scale).toFixed(1)}`;
  });
  const [from, to] = seen.map((s) => s * WIDTH);
  const at = beat === null ? "" : (beat * WIDTH).toFixed(1);
  return `<figure class="card strip ${right ? "found" : "lost"}">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${title}: ${note}`)}">
<rect class="seen" x="${from!.toFixed(1)}" y="0" width="${(to! - from!).toFixed(1)}" height="${HEIGHT}"/>
${at && `<line class="beat" x1="${at}" x2="${at}" y1="0" y2="${HEIGHT}"/>`}
<polyline points="${points.filter(Boolean).join(" ")}"/>
</svg>
<figcaption><b>${escapeHtml(title)}</b> ${escapeHtml(note)}</figcaption></figure>`;
}
