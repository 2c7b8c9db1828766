// Clouds of points in the plane, side by side on one scale, as SVG text. A few thousand points become one path of dots each,
// not an element each.

import { escapeHtml } from "./text.ts";

export interface Cloud {
  readonly title: string;
  /** Figures under the picture, in words. */
  readonly caption: string;
  /** [n, 2], x before y. Points outside of the frame are left out. */
  readonly points: ArrayLike<number>;
}

export interface ScatterOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the pictures show. */
  readonly text: string;
  readonly clouds: readonly Cloud[];
  /** Each picture spans [-edge, edge] in x and y. */
  readonly edge: number;
  /** Circles drawn behind the points: centres [n, 2] and their radius. */
  readonly marks?: { readonly points: ArrayLike<number>; readonly radius: number };
}

const SIZE = 300; // units of a drawing
const DOT = 2; // width of a point in these units

/** A section of scatter plots. */
export function scatterSection(options: ScatterOptions): string {
  const { id, title, text, clouds } = options;
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>
<p>${escapeHtml(text)}</p>
<div class="columns">${clouds.map((cloud) => figure(cloud, options)).join("\n")}</div></section>`;
}

function figure({ title, caption, points }: Cloud, { edge, marks }: ScatterOptions): string {
  const at = (v: number) => Math.round((10 * SIZE * (v + edge)) / (2 * edge)) / 10;
  const inside = pairs(points).filter(([x, y]) => Math.abs(x) <= edge && Math.abs(y) <= edge);
  // A line of length 0 with round ends is a dot. y grows upwards.
  const path = inside.map(([x, y]) => `M${at(x)} ${at(-y)}h0`).join("");
  const radius = (SIZE * (marks?.radius ?? 0)) / (2 * edge);
  const circles = pairs(marks?.points ?? []).map(
    ([x, y]) =>
      `<circle cx="${at(x)}" cy="${at(-y)}" r="${radius}" style="fill:none;stroke:var(--orange);stroke-width:1.2"/>`,
  );
  return `<figure class="card chart"><h3>${escapeHtml(title)}</h3>
<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${escapeHtml(`${title}: ${caption}`)}">
${circles.join("")}<path d="${path}" style="stroke-width:${DOT};stroke-opacity:0.55"/></svg>
<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/** Pairs of finite numbers. */
function pairs(points: ArrayLike<number>): [x: number, y: number][] {
  const all = Array.from({ length: Math.floor(points.length / 2) }, (_, i): [number, number] => [
    points[2 * i]!,
    points[2 * i + 1]!,
  ]);
  return all.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}
