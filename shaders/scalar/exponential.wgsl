// Scalar functions (scalar.wgsl): exponentials, logarithms, roots.

// p 2^k for -300 < k < 300, in two steps: 2^k itself may overflow where the product does not.
fn scale2(p: f32, k: i32) -> f32 {
  let half = k >> 1u;
  return p * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(k - half + 127) << 23u);
}
// e^r for |r| <= ln(2)/2 (Cephes expf).
fn exp_reduced(r: f32) -> f32 {
  let p = 1.6666665459e-1 + r * (4.1665795894e-2 + r * (8.3334519073e-3 + r * (1.3981999507e-3 + r * 1.9875691500e-4)));
  return 1.0 + (r + r * r * (0.5 + r * p));
}
// 2 atanh(s) = ln((1+s)/(1-s)) for |s| <= 0.21, by its series.
fn atanh2(s: f32) -> f32 {
  let z = s * s;
  return 2.0 * (s + s * z * (0.33333333 + z * (0.2 + z * (0.14285714 + z * (0.11111111 + z * 0.09090909)))));
}

// Without branches: software adapters run both arms of each.
fn op_exp(x: f32) -> f32 {
  let c = clamp(x, -104.0, 89.0);
  let k = round(c * 1.44269504);
  let y = scale2(exp_reduced((c - k * 0.693359375) + k * 2.12194440e-4), i32(k)); // ln 2 in two parts
  return select(select(select(y, inf(), x > 88.72284), 0.0, x < -103.98), x, is_nan(x));
}
// e^x for x <= 0, at half the cost; 0 below the smallest normal number. NaN passes through the arithmetic.
fn exp_decay(x: f32) -> f32 {
  let k = round(x * 1.44269504);
  let y = exp_reduced((x - k * 0.693359375) + k * 2.12194440e-4);
  return select(y * bitcast<f32>(u32(i32(k) + 127) << 23u), 0.0, x < -87.33);
}
fn op_exp2(x: f32) -> f32 {
  let c = clamp(x, -151.0, 129.0);
  let k = round(c);
  let y = scale2(exp_reduced((c - k) * 0.69314718), i32(k));
  return select(select(select(y, inf(), x >= 128.0), 0.0, x < -150.0), x, is_nan(x));
}
fn op_expm1(x: f32) -> f32 {
  if (abs(x) > 0.35) { return op_exp(x) - 1.0; }
  let p = 4.1666667e-2 + x * (8.3333333e-3 + x * (1.3888889e-3 + x * 1.9841270e-4));
  return x + x * x * (0.5 + x * (0.16666667 + x * p));
}
// (m, e) with x = m 2^e and sqrt(1/2) <= m < sqrt(2), for finite x > 0. A subnormal is lifted by bits, since the hardware
// may flush it: its leading one lands on the exponent's lowest bit, exponent 1.
fn split_exponent(x: f32) -> vec2f {
  let bits = bitcast<u32>(x);
  let lift = select(0u, countLeadingZeros(bits) - 8u, bits < 0x00800000u);
  let shifted = (bits << lift) + (0x3f800000u - 0x3f3504f3u);
  return vec2f(bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u), f32(i32(shifted >> 23u) - 127 - i32(lift)));
}
// y, which is log_b x for finite x > 0, with the other values of a logarithm.
fn log_special(x: f32, y: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let below = select(y, nan(), bits > 0x80000000u);
  return select(select(below, -inf(), (bits << 1u) == 0u), x, is_nan(x) || bits == 0x7f800000u);
}
fn op_log(x: f32) -> f32 {
  let s = split_exponent(x);
  return log_special(x, s.y * 0.693359375 + (atanh2((s.x - 1.0) / (s.x + 1.0)) - s.y * 2.12194440e-4));
}
// Exact for powers of two.
fn op_log2(x: f32) -> f32 {
  let s = split_exponent(x);
  return log_special(x, s.y + atanh2((s.x - 1.0) / (s.x + 1.0)) * 1.44269504);
}
fn op_log1p(x: f32) -> f32 {
  if (x > -0.3 && x < 0.5) { return atanh2(x / (2.0 + x)); }
  return op_log(1.0 + x);
}
fn op_sqrt(x: f32) -> f32 { return sqrt(x); }
fn op_rsqrt(x: f32) -> f32 { return 1.0 / sqrt(x); }
fn op_reciprocal(x: f32) -> f32 { return 1.0 / x; }
