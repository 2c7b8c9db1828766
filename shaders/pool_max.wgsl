// Library of the max pooling shaders: what beats what.

fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// True if v takes the place of `best`: larger, or NaN. By bit pattern, since compilers may assume that no NaN occurs.
fn beats(v: f32, best: f32) -> bool { return is_nan(v) || (v > best && !is_nan(best)); }

// -inf, which is no constant in WGSL.
fn lowest() -> f32 {
  var bits = 0xff800000u;
  return bitcast<f32>(bits);
}
