// Section of pictures with two outlines on them: the truth and the prediction of a mask. Where both run alike, one colour says so.

import { diceOf, iouOf, type Overlap } from "../metrics/overlap.ts";
import { pngUri } from "./pictures.ts";
import { escapeHtml, number } from "./text.ts";

export interface Overlay {
  /** "slice 31" */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width]; darkest and lightest of all become black and white. */
  readonly image: Float32Array;
  /** [height, width], 0 or 1. */
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  readonly overlap: Overlap;
}

export interface OverlaySection {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What is shown, in a sentence or two. */
  readonly text: string;
  readonly overlays: readonly Overlay[];
  /** Longer side of a picture in CSS pixels, about: pixels become squares of 2 or more. Default 336. */
  readonly size?: number;
}

// Okabe & Ito 2008: they can be told apart by everyone, and from grey. On the picture, so the same by day and night.
const COLOURS = {
  truth: [86, 180, 233],
  prediction: [240, 148, 30],
  both: [255, 255, 255],
} as const;

/** The section, HTML. */
export function overlaySection({ id, title, text, overlays, size = 336 }: OverlaySection): string {
  const swatch = (name: keyof typeof COLOURS, label: string) =>
    `<li><span style="display:inline-block;width:18px;height:10px;margin-right:7px;border:1px solid var(--soft);background:rgb(${COLOURS[name].join(",")})"></span>${label}</li>`;
  const legend = [swatch("truth", "truth"), swatch("prediction", "prediction"), swatch("both", "both alike")];
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>
<p>${escapeHtml(text)}</p>
<ul style="display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 12px;padding:0;list-style:none;font-size:0.8125rem">${legend.join("")}</ul>
<div style="display:flex;flex-wrap:wrap;gap:16px">${overlays.map((o) => figure(o, size)).join("\n")}</div></section>`;
}

function figure(overlay: Overlay, size: number): string {
  const { name, width, height, overlap } = overlay;
  const by = Math.max(2, Math.round(size / Math.max(width, height)));
  const [w, h] = [width * by, height * by];
  const dice = number(diceOf(overlap), 3);
  const alt = `${name} with the outlines of truth and prediction, Dice ${dice}`;
  const src = pngUri(w, h, outlined(overlay, by), 3);
  return `<figure class="card" style="max-width:100%"><img src="${src}" width="${w}" height="${h}" style="border-radius:4px;height:auto" alt="${escapeHtml(alt)}">
<figcaption><b>${escapeHtml(name)}</b>: Dice ${dice} <small>IoU ${number(iouOf(overlap), 3)}</small></figcaption></figure>`;
}

/** RGB bytes, `by` times as large as the image, so that an outline leaves most of it in sight. */
export function outlined({ width, height, image, truth, prediction }: Overlay, by: number): Uint8Array {
  const grey = greys(image);
  const [t, p] = [truth, prediction].map((mask) => edges(mask, width, height, by)) as [
    Uint8Array,
    Uint8Array,
  ];
  const [w, h] = [width * by, height * by];
  const out = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const i = y * w + x;
      const value = grey[Math.floor(y / by) * width + Math.floor(x / by)]!;
      const name = t[i] && p[i] ? "both" : t[i] ? "truth" : p[i] ? "prediction" : null;
      out.set(name ? COLOURS[name] : [value, value, value], i * 3);
    }
  }
  return out;
}

/** 1 where an enlarged pixel lies within the mask, at its border: the outline runs inside. */
function edges(mask: Uint8Array, width: number, height: number, by: number): Uint8Array {
  const inside = (row: number, column: number) =>
    row >= 0 && row < height && column >= 0 && column < width && mask[row * width + column] === 1;
  const out = new Uint8Array(mask.length * by * by);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(y, x)) continue;
      const open = {
        top: !inside(y - 1, x),
        bottom: !inside(y + 1, x),
        left: !inside(y, x - 1),
        right: !inside(y, x + 1),
      };
      for (let k = 0; k < by; k++) {
        const at = (row: number, column: number) => ((y * by + row) * width + x) * by + column;
        if (open.top) out[at(0, k)] = 1;
        if (open.bottom) out[at(by - 1, k)] = 1;
        if (open.left) out[at(k, 0)] = 1;
        if (open.right) out[at(k, by - 1)] = 1;
      }
    }
  }
  return out;
}

function greys(image: Float32Array): Uint8Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of image) {
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(image, (v) => (v - low) * scale);
}
