// IEEE binary16 (f16) bits <-> f32 on the host. To f32 is exact; from f32 rounds to nearest, ties to even.

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** F16 bits (sign, 5 exponent, 10 mantissa) -> f32. */
export function f16ToF32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    const exponent = (b >> 10) & 0x1f;
    const mantissa = b & 0x3ff;
    const sign = b & 0x8000 ? -1 : 1;
    if (exponent === 31) out[i] = mantissa ? NaN : sign * Infinity;
    else
      out[i] = exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
  }
  return out;
}

/** f32 -> F16 bits; above 65519.99 to infinity, below 2^-25 to zero, NaN to a quiet NaN. */
export function f32ToF16(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = roundToF16(values[i]!);
  return out;
}

function roundToF16(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520, half way past the largest: ties to infinity
  // Subnormal below 2^-14: adding 1/2 leaves the value in steps of 2^-24 in the lower bits, rounded by the f32 adder.
  if (magnitude < 0x38800000) {
    float[0] = Math.abs(float[0]!) + 0.5;
    return sign | (word[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}
