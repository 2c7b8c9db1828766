// Section "Attention rollout": pictures, and over each the share of it that reaches the decision through attention.

import { ShapeError } from "../../gpu/errors.ts";
import { pngUri } from "./pictures.ts";
import { escapeHtml, number } from "./text.ts";

export interface RolloutPicture {
  readonly title: string;
  readonly caption: string;
  /** [side, side] grey bytes. */
  readonly pixels: Uint8Array;
  readonly side: number;
  /** [tokens, tokens] shares of sum 1, over the picture from the top left. */
  readonly shares: ArrayLike<number>;
}

const TINT = [255, 122, 0];
const STRONGEST = 0.75; // of the tint over the grey
const SCALE = 4; // pixels of the drawing for one of the picture
const GAP = 4;

/** Throws ShapeError if the shares are no square, or the pixels do not fill the picture. */
export function rolloutSection(pictures: readonly RolloutPicture[], note: string): string {
  if (!pictures.length) return "";
  return `<section aria-labelledby="rollout"><h2 id="rollout">Attention rollout</h2>
<p>${escapeHtml(note)}</p>
<div class="columns">${pictures.map(figure).join("\n")}</div></section>`;
}

function figure(picture: RolloutPicture): string {
  const { title, caption, shares, side } = picture;
  const [low, high] = extremes(shares);
  const range = `The least seen place has ${number(low * shares.length, 2)} times its even share, the most seen ${number(high * shares.length, 2)}.`;
  const width = 2 * side * SCALE + GAP;
  return `<figure class="card chart"><h3>${escapeHtml(title)}</h3>
<img src="${pngUri(width, side * SCALE, draw(picture), 4)}" width="${width}" height="${side * SCALE}" style="height:auto" alt="${escapeHtml(`${title}, plain and with its rollout. ${range}`)}">
<figcaption>${escapeHtml(`${caption} ${range}`)}</figcaption></figure>`;
}

/** The picture, and beside it the same under a tint, strongest where the share is largest. */
function draw({ pixels, side, shares, title }: RolloutPicture): Uint8Array {
  const tokens = Math.sqrt(shares.length);
  if (!Number.isInteger(tokens) || pixels.length !== side * side) {
    const got = `shares [${shares.length}], pixels [${pixels.length}], side ${side}`;
    throw new ShapeError(
      `rolloutSection: shares must be a square and pixels [side, side] in ${title}, ${got}`,
    );
  }
  const [low, high] = extremes(shares);
  const size = side * SCALE;
  const width = 2 * size + GAP;
  const rgba = new Uint8Array(width * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const grey = pixels[Math.floor(y / SCALE) * side + Math.floor(x / SCALE)]!;
      const at = (v: number) => ((v + 0.5) / size) * tokens - 0.5;
      const strength = high > low ? (bilinear(shares, tokens, at(y), at(x)) - low) / (high - low) : 0;
      const alpha = STRONGEST * strength;
      rgba.set([grey, grey, grey, 255], (y * width + x) * 4);
      const tinted = TINT.map((c) => Math.round(grey * (1 - alpha) + c * alpha));
      rgba.set([...tinted, 255], (y * width + x + size + GAP) * 4);
    }
  }
  return rgba;
}

function bilinear(values: ArrayLike<number>, n: number, y: number, x: number): number {
  const inside = (v: number) => Math.min(n - 1, Math.max(0, v));
  const [y0, x0] = [Math.floor(y), Math.floor(x)];
  const row = (r: number) => {
    const of = (c: number) => values[inside(r) * n + inside(c)]!;
    return of(x0) + (x - x0) * (of(x0 + 1) - of(x0));
  };
  return row(y0) + (y - y0) * (row(y0 + 1) - row(y0));
}

function extremes(values: ArrayLike<number>): [low: number, high: number] {
  const all = Array.from(values);
  return [Math.min(...all), Math.max(...all)];
}
