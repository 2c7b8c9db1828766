// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): four u32 from a 128-bit counter and
// a 64-bit key, in ten rounds
//   (c0, c1, c2, c3) <- (hi(M1 c2) ^ c1 ^ k0, lo(M1 c2), hi(M0 c0) ^ c3 ^ k1, lo(M0 c0)),  k <- k + (W0, W1).
// The bare function; the stream over it: philox.ts. Not cryptographic.

export type U32x4 = [number, number, number, number];

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High word of the 64-bit product of two u32, as a signed i32 (by 16-bit halves, so that no f64 rounds). */
export function mulHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const lh = Math.imul(al, bh);
  const hl = Math.imul(ah, bl);
  const mid = (Math.imul(al, bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff);
  return (Math.imul(ah, bh) + (lh >>> 16) + (hl >>> 16) + (mid >>> 16)) | 0;
}

/** One block into out[at .. at + 3]. Words may come as i32 or u32. */
export function philoxBlock(out: Uint32Array, at: number, counter: U32x4, k0: number, k1: number): void {
  let [c0, c1, c2, c3] = counter;
  let [a, b] = [k0 | 0, k1 | 0];
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const high1 = mulHigh(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ a;
    c1 = low1;
    c2 = high0 ^ c3 ^ b;
    c3 = low0;
    a = (a + W0) | 0;
    b = (b + W1) | 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/** Four u32 from a counter of four u32 and a key of two (Random123's philox4x32, 10 rounds). */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): U32x4 {
  const out = new Uint32Array(4);
  philoxBlock(out, 0, [...counter], key[0], key[1]);
  return [out[0]!, out[1]!, out[2]!, out[3]!];
}
