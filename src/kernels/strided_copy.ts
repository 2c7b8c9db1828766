// The one copy behind permute, slice, flip, pad and concat: dst[dstOffset + i . dst] = src[srcOffset + i . src] over a
// box of indices i, bit by bit, for any dtype. Not an op: no gradient, and what the box does not cover stays as it is.

import type { StridedRole } from "../gpu/dispatch.ts";
import { LimitError } from "../gpu/errors.ts";
import { grid1d, kernel } from "../gpu/kernel.ts";
import { stridedCopy as stridedCopyShader } from "../gpu/shaders.gen.ts";
import type { Tensor } from "../tensor/tensor.ts";

const run = kernel(stridedCopyShader);
const WG = 64;
/** Elements a thread copies along the innermost axis. */
const ITEMS = 4;
const MAX_RANK = 8;

/** One axis of the box: its size, and the strides along it in elements; negative runs backwards. */
export interface CopyAxis {
  readonly size: number;
  readonly src: number;
  readonly dst: number;
}

export interface CopyOffsets {
  readonly src?: number;
  readonly dst?: number;
}

/**
 * Copies a box into `dst`, in place. Axes from the outermost to the innermost; neighbours that continue each other merge.
 *
 * @throws LimitError for more than 8 axes after merging
 */
export function stridedCopy(
  src: Tensor,
  dst: Tensor,
  axes: readonly CopyAxis[],
  offsets: CopyOffsets = {},
  label = "copy",
): void {
  if (axes.some((a) => a.size === 0)) return;
  let box = merged(axes);
  let { src: srcOffset = 0, dst: dstOffset = 0 } = offsets;
  const vec = inVectors(box, srcOffset, dstOffset);
  if (vec) {
    box = box.map((a, i) =>
      i === 0 ? { ...a, size: a.size / 4 } : { ...a, src: a.src / 4, dst: a.dst / 4 },
    );
    srcOffset /= 4;
    dstOffset /= 4;
  }
  const rank = box.length;
  if (rank > MAX_RANK)
    throw new LimitError(`${label}: at most ${MAX_RANK} axes that do not merge, got ${rank}`);
  const at = (i: number): CopyAxis => box[i] ?? { size: 1, src: 0, dst: 0 };
  const width = at(0).size;
  const chunks = Math.ceil(width / ITEMS);
  const threads = box.reduce((n, a, i) => (i === 0 ? n : n * a.size), chunks);
  const [a, b, c, d, e, f, g, h] = Array.from({ length: MAX_RANK }, (_, i) => at(i));
  const params = {
    ...{ threads, chunks, width, src_offset: srcOffset, dst_offset: dstOffset, src0: a.src, dst0: a.dst },
    ...{ size1: b.size, src1: b.src, dst1: b.dst, size2: c.size, src2: c.src, dst2: c.dst },
    ...{ size3: d.size, src3: d.src, dst3: d.dst, size4: e.size, src4: e.src, dst4: e.dst },
    ...{ size5: f.size, src5: f.src, dst5: f.dst, size6: g.size, src6: g.src, dst6: g.dst },
    ...{ size7: h.size, src7: h.src, dst7: h.dst },
  };
  const role = roleOf(box, { src: srcOffset, dst: dstOffset }, vec ? 4 : 1, src.dtype === "f16" ? 2 : 4);
  const word = src.dtype === "f16" ? "f16" : "u32";
  const moved = axes.reduce((n, x) => n * x.size, 1);
  run({ src, dst }, params, {
    grid: grid1d(Math.ceil(threads / WG)),
    constants: { RANK: rank },
    types: { T: vec ? `vec4<${word}>` : word },
    label,
    role,
    bytes: (moved * (src.byteLength + dst.byteLength)) / Math.max(1, (src.size + dst.size) / 2),
  });
}

/** `box` and `offsets` count units of so many elements of so many bytes. */
function roleOf(
  box: readonly CopyAxis[],
  offsets: Required<CopyOffsets>,
  unit: number,
  bytes: number,
): StridedRole {
  const axes = box.map((a) => ({ size: a.size, src: a.src * unit, dst: a.dst * unit }));
  const steps = box.map((a, i) => ({ size: a.size, param: `src${i}` }));
  return {
    kind: "strided",
    axes: unit === 1 ? axes : [{ size: unit, src: 1, dst: 1 }, ...axes],
    srcOffset: offsets.src * unit,
    dstOffset: offsets.dst * unit,
    bytes,
    views: { src: { axes: steps, run: unit, offset: "src_offset", align: unit, unit } },
  };
}

/** The box without axes of size 1, with neighbours merged, innermost first, of rank 1 at least. */
function merged(axes: readonly CopyAxis[]): CopyAxis[] {
  const out: CopyAxis[] = [];
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i];
    if (axis.size === 1) continue;
    const inner = out.at(-1);
    if (inner && axis.src === inner.src * inner.size && axis.dst === inner.dst * inner.size) {
      out[out.length - 1] = { ...inner, size: inner.size * axis.size };
    } else out.push(axis);
  }
  return out.length > 0 ? out : [{ size: 1, src: 1, dst: 1 }];
}

function inVectors(box: readonly CopyAxis[], srcOffset: number, dstOffset: number): boolean {
  const [inner, ...outer] = box;
  const whole = [inner.size, srcOffset, dstOffset, ...outer.flatMap((a) => [a.src, a.dst])];
  return inner.src === 1 && inner.dst === 1 && whole.every((n) => n % 4 === 0);
}
