// Ink on a grey picture of 28x28: strokes with a soft edge, and the shift that puts a drawing where MNIST has its digits. Pure.

export const SIDE = 28;
/** Pixels: MNIST's strokes are two to three wide. */
const RADIUS = 1.5;

/** Draws a line from (x0, y0) to (x1, y1), in pixels; the picture only gets brighter. */
export function stroke(pixels: Uint8Array, x0: number, y0: number, x1: number, y1: number): void {
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - RADIUS - 1));
  const right = Math.min(SIDE - 1, Math.ceil(Math.max(x0, x1) + RADIUS));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - RADIUS - 1));
  const bottom = Math.min(SIDE - 1, Math.ceil(Math.max(y0, y1) + RADIUS));
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      // Nearest place of the line to the pixel's middle.
      const along = squared === 0 ? 0 : ((x + 0.5 - x0) * dx + (y + 0.5 - y0) * dy) / squared;
      const t = Math.min(1, Math.max(0, along));
      const distance = Math.hypot(x + 0.5 - x0 - t * dx, y + 0.5 - y0 - t * dy);
      const ink = Math.round(255 * Math.min(1, Math.max(0, RADIUS + 0.5 - distance)));
      const at = y * SIDE + x;
      if (ink > pixels[at]!) pixels[at] = ink;
    }
}

/** Shifted by whole pixels so that the centre of mass lies in the middle, as MNIST was made. */
export function centred(pixels: Uint8Array): Uint8Array {
  let [mass, mx, my] = [0, 0, 0];
  pixels.forEach((value, i) => {
    mass += value;
    mx += value * ((i % SIDE) + 0.5);
    my += value * (Math.floor(i / SIDE) + 0.5);
  });
  if (mass === 0) return pixels.slice();
  const dx = Math.round(SIDE / 2 - mx / mass);
  const dy = Math.round(SIDE / 2 - my / mass);
  const out = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const [from, row] = [x - dx, y - dy];
      if (from >= 0 && from < SIDE && row >= 0 && row < SIDE) out[y * SIDE + x] = pixels[row * SIDE + from]!;
    }
  return out;
}
