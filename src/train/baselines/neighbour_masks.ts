// Masks of a held-out block of slices from its two neighbours, without a look at the image: on the way from the last slice
// before the block to the first one after it, a pixel belongs to the mask while the linear mix of both is 1/2 or more.

export interface Stack {
  readonly count: number;
  /** [count, plane], 0 or 1. */
  readonly masks: Uint8Array;
}

/** Masks of slices from .. to - 1 -> [to - from, plane]; beyond the ends of the stack lie empty slices. */
export function neighbourMasks({ count, masks }: Stack, [from, to]: readonly [number, number]): Uint8Array {
  const plane = masks.length / count;
  const slice = (z: number) =>
    z >= 0 && z < count ? masks.subarray(z * plane, (z + 1) * plane) : new Uint8Array(plane);
  const [before, after] = [slice(from - 1), slice(to)];
  const out = new Uint8Array((to - from) * plane);
  for (let z = from; z < to; z++) {
    const share = (z - from + 1) / (to - from + 1);
    for (let i = 0; i < plane; i++)
      out[(z - from) * plane + i] = (1 - share) * before[i]! + share * after[i]! >= 0.5 ? 1 : 0;
  }
  return out;
}
