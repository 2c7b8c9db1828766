// Which depthwise convolutions have their own kernels (conv_depthwise.ts), and how planes are cut into walks for them: down
// strips of columns, in bands of rows. Numbers only.

import type { ConvGeometry } from "./conv2d_geometry.ts";
import type { Pass } from "./conv2d_tiles.ts";

export type Adapter = "software" | "hardware";

/** Columns of a strip: loads are fewest in wide ones; a GPU's lanes read one run of memory in narrow ones (not measured). */
const COLUMNS = { software: 8, hardware: 4 } as const;
/** Multiply-adds of one turn of the loop, all written out: 72 compile in 0.1 s on SwiftShader, 200 in 0.4 s. */
const MAX_MULTIPLY_ADDS = 128;
/** Values of x that a thread keeps. */
const MAX_WINDOW = 64;
/** Threads that fill the adapter. */
const FILLING_THREADS = { software: 256, hardware: 32768 } as const;
/** Narrower strips, as of one column, are slower than conv2d_direct.ts in the weight gradient. */
const LEAST_COLUMNS = 4;
/** Rows a walk has at least, where the adapter could be filled better with shorter ones: it reads the rows between twice. */
const LEAST_STEPS = 8;

/** Whether the walking kernels take this pass: one channel of x per group, few enough registers. */
export function isDepthwise(pass: Pass, g: ConvGeometry): boolean {
  if (g.cg !== 1 || g.groups === 1 || g.ow === 0 || g.oh === 0) return false;
  if (pass === "dataGradient" && !isFlip(g)) {
    return g.dilationY === 1 && g.dilationX === 1 && gradientColumns(g, "software") > 0;
  }
  if (lcm(g.strideY, g.dilationY) / g.dilationY > g.kh) return false; // rows of x that no window reads
  return pass === "weightGradient"
    ? weightColumns(g, "software") >= LEAST_COLUMNS
    : forwardColumns(g, "software") > 0;
}

/** Whether the data gradient is the forward with the taps backwards. */
export function isFlip(g: ConvGeometry): boolean {
  return g.og === 1 && g.strideY === 1 && g.strideX === 1;
}

/** Columns of a strip of the forward: as many as fit the registers, 0 if not even one does. */
export function forwardColumns(g: ConvGeometry, adapter: Adapter): number {
  const span = (TX: number) => (TX - 1) * g.strideX + (g.kw - 1) * g.dilationX + 1;
  return widest(
    Math.min(COLUMNS[adapter], Math.max(g.ow, g.w)),
    (TX) => TX * g.kh * g.kw,
    (TX) => g.kh * span(TX),
  );
}

/** Of the weight gradient: rather ones that divide ow. */
export function weightColumns(g: ConvGeometry, adapter: Adapter): number {
  const most = Math.min(forwardColumns(g, adapter), g.ow);
  for (let TX = most; TX > most / 2; TX--) if (g.ow % TX === 0) return TX;
  return most;
}

/** Of dy, for the data gradient that is no flip. */
export function gradientColumns(g: ConvGeometry, adapter: Adapter): number {
  const [high, wide] = [Math.ceil(g.kh / g.strideY), Math.ceil(g.kw / g.strideX)];
  return widest(
    Math.ceil(COLUMNS[adapter] / g.strideX),
    (TX) => g.og * TX * Math.max(g.kh * g.kw, g.strideY * g.strideX),
    (TX) => g.og * high * (TX + wide - 1),
  );
}

function widest(most: number, multiplyAdds: (TX: number) => number, window: (TX: number) => number): number {
  for (let TX = most; TX > 0; TX--) {
    if ((TX === 1 || multiplyAdds(TX) <= MAX_MULTIPLY_ADDS) && window(TX) <= MAX_WINDOW) return TX;
  }
  return 0;
}

/** Rows of dx that windows of coinciding tap rows are apart, and the new rows of x that each needs. */
export function rhythm(g: ConvGeometry): { out_step: number; fresh: number } {
  const l = lcm(g.strideY, g.dilationY);
  return { out_step: l / g.strideY, fresh: Math.min(l / g.dilationY, g.kh) };
}

/** Rows cut into bands of `steps`: enough of them for `walks` walks down all rows to fill the adapter. */
export function bandsOf(rows: number, walks: number, adapter: Adapter): { bands: number; steps: number } {
  const wanted = Math.ceil(FILLING_THREADS[adapter] / Math.max(1, walks));
  const steps = Math.max(1, Math.min(rows, Math.max(LEAST_STEPS, Math.ceil(rows / wanted))));
  return { bands: Math.ceil(rows / steps), steps };
}

/** Partial sums of a weight gradient with so many walks a channel. */
export function splitsOf(walks: number, channels: number, adapter: Adapter): number {
  return Math.max(1, Math.min(walks, Math.ceil(FILLING_THREADS[adapter] / channels)));
}

function lcm(a: number, b: number): number {
  let [r, s] = [a, b];
  while (s > 0) [r, s] = [s, r % s];
  return (a / r) * b;
}
