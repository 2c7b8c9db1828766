// Scalar functions (scalar.wgsl): NaN and Inf by their bits, and exact splits of floats.

fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_inf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
// WGSL has no constant for Inf or NaN; through a var it is no constant expression.
fn from_bits(bits: u32) -> f32 { var b = bits; return bitcast<f32>(b); }
fn inf() -> f32 { return from_bits(0x7f800000u); }
fn nan() -> f32 { return from_bits(0x7fc00000u); }
// The upper 12 bits of the mantissa: products of two such numbers are exact.
fn upper(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }
fn signed_as(x: f32, s: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u));
}
