// bfloat16 (BF16) bits <-> f32; F16 is the engine's own: src/tensor/half.ts. From f32 rounds to nearest, ties to even.

export { f16ToF32, f32ToF16 } from "../tensor/half.ts";

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** BF16 bits (the upper half of an f32) -> f32. */
export function bf16ToF32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}

/** f32 -> BF16 bits; NaN to a quiet NaN. */
export function f32ToBf16(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i]!;
    const bits = word[0]!;
    const nan = (bits & 0x7fffffff) > 0x7f800000;
    out[i] = nan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return out;
}
