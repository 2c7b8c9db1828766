// Draws an atlas of maps: colours first (one pixel a cell on a scratch canvas, enlarged without smoothing), then boxes and cursor.

import { type Atlas, type Box, boxOf, type Cell, rectOf, tileAt } from "./atlas.ts";
import { colourOf, paint, type Scale } from "./colours.ts";

interface Drawing {
  readonly values: ArrayLike<number>;
  readonly scale: Scale;
  /** From scratchOf; null: bars. */
  readonly scratch: HTMLCanvasElement | null;
  readonly cursor?: Cell | null;
  readonly boxes?: readonly Box[];
}

/** One pixel a cell. */
export function scratchOf(
  values: ArrayLike<number>,
  height: number,
  width: number,
  scale: Scale,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  paint(values, scale, image.data);
  context.putImageData(image, 0, 0);
  return canvas;
}

export function drawAtlas(canvas: HTMLCanvasElement, atlas: Atlas, drawing: Drawing): void {
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const [width, height] = [Math.round(atlas.pixelWidth * ratio), Math.round(atlas.pixelHeight * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, atlas.pixelWidth, atlas.pixelHeight);
  context.imageSmoothingEnabled = false;
  if (drawing.scratch) drawMaps(context, atlas, drawing.scratch);
  else drawBars(context, canvas, atlas, drawing);
  for (const box of drawing.boxes ?? []) outline(context, atlas, box, false);
  if (drawing.cursor) outline(context, atlas, boxOf(drawing.cursor), true);
}

function drawMaps(context: CanvasRenderingContext2D, atlas: Atlas, scratch: HTMLCanvasElement): void {
  const { maps, height, width, cellWidth, cellHeight } = atlas;
  for (let map = 0; map < maps; map++) {
    const { x, y } = tileAt(atlas, map);
    context.drawImage(scratch, 0, map * height, width, height, x, y, width * cellWidth, height * cellHeight);
  }
}

/** Bars from the line of 0; the colour says the value once more. */
function drawBars(
  context: CanvasRenderingContext2D,
  canvas: HTMLCanvasElement,
  atlas: Atlas,
  { values, scale }: Drawing,
): void {
  const { cellWidth, cellHeight, width } = atlas;
  const { x: left, y: top } = tileAt(atlas, 0);
  const level = (v: number) => top + cellHeight * (1 - (v - scale.low) / (scale.high - scale.low));
  const line = getComputedStyle(canvas).color;
  const gap = cellWidth > 3 ? 1 : 0;
  for (let i = 0; i < width; i++) {
    const [from, to] = [level(Math.max(0, scale.low)), level(values[i])];
    const box = [left + i * cellWidth, Math.min(from, to), cellWidth - gap, Math.max(1, Math.abs(to - from))];
    context.fillStyle = colourOf(values[i], scale);
    context.fillRect(box[0], box[1], box[2], box[3]);
    if (cellWidth > 3) {
      context.strokeStyle = line; // light bars have to stand out from a light ground
      context.lineWidth = 0.5;
      context.strokeRect(box[0], box[1], box[2], box[3]);
    }
  }
  context.fillStyle = line;
  context.fillRect(left, level(Math.max(0, scale.low)) - 0.5, width * cellWidth, 1);
}

/** Black within white: seen on every colour of the tables. The cursor is thicker. */
function outline(context: CanvasRenderingContext2D, atlas: Atlas, box: Box, cursor: boolean): void {
  const { x, y, width, height } = rectOf(atlas, box);
  const out = cursor ? 1 : 0.5;
  for (const [colour, line] of [
    ["#ffffff", cursor ? 4 : 3],
    ["#000000", cursor ? 2 : 1],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.strokeRect(x - out, y - out, width + 2 * out, height + 2 * out);
  }
}
