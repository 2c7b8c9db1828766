// Which thread of a dispatch wrote an element of its result, for the kernels where one thread does all of it; grids are 1-D, folded
// into y, so a thread has a number. Kernels whose threads work together have none.

import type { ShaderView } from "../protocol.ts";

/** Element -> thread. `constant` reads a constant or override of the text, `param` a number of the dispatch. */
type Writer = (element: number, shader: Text, output: string) => number;

interface Text {
  constant(name: string): number;
  param(name: string): number;
}

const one: Writer = (i) => i;
const four: Writer = (i) => Math.floor(i / 4);

/** Each thread visits UNITS units of one or four elements, WG apart. */
const strided: Writer = (i, { constant }) => {
  const [units, wg] = [constant("UNITS"), constant("WG")];
  const unit = Math.floor(i / constant("width of V"));
  return Math.floor(unit / (units * wg)) * wg + (unit % wg);
};

/** A thread has TY rows of one column and TO channels, of planes h x w. */
function tiled(i: number, channels: number, h: number, w: number, s: Text, above = 0): number {
  const [x, y, c] = [i % w, Math.floor(i / w) % h, Math.floor(i / (w * h)) % channels];
  const n = Math.floor(i / (w * h * channels));
  const tile = n * s.param("blocks") + Math.floor(c / s.constant("TO"));
  return (tile * s.param("bands") + Math.floor((y + above) / s.constant("TY"))) * w + x;
}

const WRITERS: Readonly<Record<string, Writer>> = {
  ...{
    matmul_naive: one,
    conv2d_naive: one,
    conv2d_data_gradient_naive: one,
    conv2d_weight_gradient_naive: one,
  },
  ...{ max_pool2d: one, avg_pool2d: one, cross_entropy_backward: one, norm_gradient_fold: one },
  ...{ unary: four, binary: four, dropout: four, dropout_backward: four, fill: four, accumulate: four },
  ...{ max_pool2d_backward: four, avg_pool2d_backward: four, max_pool2d_pairs: four },
  ...{ sgd: four, adam: four, rmsprop: four },
  ...{ batch_norm: strided, batch_norm_backward: strided },
  conv2d_weight_gradient_sum: (i, { param }, output) => (output === "db" ? param("size") + i : i),
  max_pool2d_pairs_backward: (i, { param }) => {
    // By the window: four of them a thread, in planes of oh x ow windows.
    const [oh, ow] = [param("oh"), param("ow")];
    const [x, y] = [Math.floor((i % (2 * ow)) / 2), Math.floor((Math.floor(i / (2 * ow)) % (2 * oh)) / 2)];
    const plane = Math.floor(i / (4 * oh * ow));
    return Math.floor(((plane * oh + y) * ow + x) / 4);
  },
  conv2d_direct: (i, s) => tiled(i, s.param("og"), s.param("oh"), s.param("ow"), s),
  conv2d_data_gradient: (i, s) =>
    tiled(i, s.param("cg"), s.param("h"), s.param("w"), s, s.param("pad_y") % s.constant("SY")),
  reduce: (i, { constant, param }) =>
    constant("LANES") === 1 && param("splits") === 1 ? Math.floor(i / constant("width of Y")) : Number.NaN,
};

/** `global_invocation_id` of the thread that wrote an element; null where it cannot be told. */
export function invocationOf(
  view: ShaderView,
  element: number,
  output: string,
): readonly [number, number, number] | null {
  const writer = WRITERS[view.kernel];
  if (!writer || hasBarrier(view.wgsl)) return null;
  const constant = (name: string) => constantOf(view, name);
  const param = (name: string) => Number(view.params[name]);
  const thread = writer(element, { constant, param }, output);
  const wg = constant("WG");
  const group = Math.floor(thread / wg);
  const [wide, high] = view.grid;
  const y = Math.floor(group / wide);
  return Number.isInteger(thread) && y < high ? [(group % wide) * wg + (thread % wg), y, 0] : null;
}

export const hasBarrier = (wgsl: string): boolean => /\b(workgroup|storage)Barrier\s*\(/.test(wgsl);

function constantOf({ wgsl, overrides }: ShaderView, name: string): number {
  if (name.startsWith("width of ")) return wgsl.includes(`alias ${name.slice(9)} = vec4`) ? 4 : 1;
  return (
    overrides[name] ?? Number(wgsl.match(new RegExp(`\\b(?:const|override) ${name}: u32 = (\\d+)`))?.[1])
  );
}
