// Small grey pictures of one size in rows and columns, as one PNG: what a generator drew, over time or along a line between
// two of its inputs.

import { ShapeError } from "../../gpu/errors.ts";
import { pngUri } from "./pictures.ts";
import { escapeHtml } from "./text.ts";

export interface PictureGrid {
  readonly title: string;
  readonly caption: string;
  /** [n, height, width] bytes, 0 black; row after row of the grid. */
  readonly pictures: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly columns: number;
}

export interface GridOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What the pictures show. */
  readonly text: string;
  readonly grids: readonly PictureGrid[];
}

const GAP = 1; // pixels between two pictures, transparent
const ENLARGED = 2; // CSS pixels of a pixel

/** A section of picture grids. */
export function gridSection({ id, title, text, grids }: GridOptions): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>
<p>${escapeHtml(text)}</p>
<div class="columns">${grids.map(figure).join("\n")}</div></section>`;
}

function figure(grid: PictureGrid): string {
  const { title, caption } = grid;
  const { width, height, rgba } = compose(grid);
  const size = `width="${ENLARGED * width}" height="${ENLARGED * height}" style="height:auto"`;
  return `<figure class="card chart"><h3>${escapeHtml(title)}</h3>
<img src="${pngUri(width, height, rgba, 4)}" ${size} alt="${escapeHtml(`${title}: ${caption}`)}">
<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/**
 * The pictures in one, [height, width, 4]. An incomplete last row is filled up transparent.
 *
 * @throws ShapeError if the bytes are not whole pictures
 */
export function compose({ pictures, width, height, columns }: PictureGrid): {
  width: number;
  height: number;
  rgba: Uint8Array;
} {
  const n = pictures.length / (width * height);
  if (!Number.isInteger(n) || n === 0)
    throw new ShapeError(`gridSection: pictures must be [n, ${height}, ${width}], ${pictures.length} bytes`);
  const all = {
    width: columns * (width + GAP) - GAP,
    height: Math.ceil(n / columns) * (height + GAP) - GAP,
  };
  const rgba = new Uint8Array(all.width * all.height * 4);
  for (let i = 0; i < pictures.length; i++) {
    const k = Math.floor(i / (width * height));
    const y = Math.floor(k / columns) * (height + GAP) + (Math.floor(i / width) % height);
    const x = (k % columns) * (width + GAP) + (i % width);
    const v = pictures[i]!;
    rgba.set([v, v, v, 255], (y * all.width + x) * 4);
  }
  return { ...all, rgba };
}

/** Values of [-1, 1] as bytes; what lies outside is cut off. */
export function bytesOf(values: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: values.length }, (_, i) => {
    const byte = Math.round(127.5 * (values[i]! + 1));
    return Math.min(255, Math.max(0, byte || 0));
  });
}
