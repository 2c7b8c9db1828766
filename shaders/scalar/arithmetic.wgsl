// Scalar functions (scalar.wgsl): arithmetic of two numbers, powers, rounding.

fn op_neg(x: T) -> T { return -x; }
fn op_abs(x: T) -> T { return abs(x); }
fn op_sign(x: T) -> T { return T(x > T(0)) - T(x < T(0)); }
fn op_square(x: T) -> T { return x * x; }

fn op_floor(x: f32) -> f32 { return floor(x); }
fn op_ceil(x: f32) -> f32 { return ceil(x); }
fn op_round(x: f32) -> f32 { return round(x); } // halves to even, as PyTorch
fn op_trunc(x: f32) -> f32 { return trunc(x); }

fn op_add(a: T, b: T) -> T { return a + b; }
fn op_sub(a: T, b: T) -> T { return a - b; }
fn op_mul(a: T, b: T) -> T { return a * b; }
fn op_div(a: T, b: T) -> T { return a / b; }
fn op_maximum(a: T, b: T) -> T { return max(a, b); }
fn op_minimum(a: T, b: T) -> T { return min(a, b); }
fn op_maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }
fn op_minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

// y log2(a) for finite a > 0, as high and low part (fdlibm e_powf): a plain product would lose 1e-5 near overflow.
fn y_log2(a: f32, y: f32) -> vec2f {
  let tiny = bitcast<u32>(a) < 0x00800000u;
  let bits = bitcast<u32>(select(a, a * 16777216.0, tiny));
  let shifted = bits + (0x3f800000u - 0x3f3504f3u);
  let n = f32(i32(shifted >> 23u) - 127 - select(0, 24, tiny));
  let m = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u);
  let v = 1.0 / (m + 1.0);
  let s = (m - 1.0) * v;
  let sh = upper(s);
  let dh = upper(m + 1.0);
  let sl = v * (((m - 1.0) - sh * dh) - sh * (m - (dh - 1.0)));
  let z = s * s;
  let r = z * z * (0.60000002 + z * (0.42857143 + z * (0.33333333 + z * (0.27272812 + z * (0.23066075 + z * 0.20697501)))))
    + sl * (sh + s);
  let th = upper(3.0 + sh * sh + r);
  let tl = r - ((th - 3.0) - sh * sh);
  let w = sl * th + tl * s;
  let ph = upper(sh * th + w);
  let pl = w - (ph - sh * th);
  let zl = -1.1736857402e-4 * ph + pl * 9.6179670095e-1; // 2 / (3 ln 2)
  let t1 = upper(9.6191406250e-1 * ph + zl + n);
  let t2 = zl - ((t1 - n) - 9.6191406250e-1 * ph);
  let yh = upper(y);
  return vec2f(yh * t1, (y - yh) * t1 + y * t2);
}
fn op_pow(a: f32, b: f32) -> f32 {
  if (b == 0.0 || a == 1.0) { return 1.0; }
  if (is_nan(a) || is_nan(b)) { return nan(); }
  let whole = abs(b) >= 16777216.0 || trunc(b) == b;
  let odd = abs(b) < 16777216.0 && whole && (i32(b) & 1) == 1;
  let sign = select(1.0, -1.0, odd && (bitcast<u32>(a) >> 31u) == 1u);
  let m = abs(a);
  if (m == 1.0 && is_inf(b)) { return 1.0; }
  if (m == 0.0 || is_inf(a) || is_inf(b)) { // 0 or Inf
    let grows = select(m > 1.0, false, m == 0.0) == (b > 0.0);
    return sign * select(0.0, inf(), grows);
  }
  if (a < 0.0 && !whole) { return nan(); }
  if (m == 1.0) { return sign; }
  let p = y_log2(m, b);
  if (p.x > 129.0) { return sign * inf(); }
  if (p.x < -151.0) { return sign * 0.0; }
  let k = round(p.x + p.y);
  return sign * scale2(exp_reduced(((p.x - k) + p.y) * 0.69314718), i32(k));
}

// C's fmod, exact, by long division of the mantissas (musl fmodf): a - b trunc(a / b) loses all digits of a large quotient.
fn op_fmod(a: f32, b: f32) -> f32 {
  let ua = bitcast<u32>(a) & 0x7fffffffu;
  let ub = bitcast<u32>(b) & 0x7fffffffu;
  if (ub == 0u || ua >= 0x7f800000u || ub > 0x7f800000u) { return nan(); }
  if (ua < ub) { return a; }
  var ea = max(ua >> 23u, 1u); // a subnormal counts from exponent 1, without the hidden bit
  let eb = max(ub >> 23u, 1u);
  var r = (ua & 0x7fffffu) | select(0u, 0x800000u, ua >= 0x800000u);
  let m = (ub & 0x7fffffu) | select(0u, 0x800000u, ub >= 0x800000u);
  r %= m;
  for (; ea > eb; ea--) { r = (r << 1u) % m; }
  let lift = min(countLeadingZeros(r) - 8u, ea - 1u);
  let bits = (r << lift) & 0x7fffffu;
  let exponent = select(ea - lift, 0u, (r << lift) < 0x800000u);
  return bitcast<f32>((exponent << 23u) | bits | (bitcast<u32>(a) & 0x80000000u));
}
// Python's %: the sign of b.
fn op_remainder(a: f32, b: f32) -> f32 {
  let r = op_fmod(a, b);
  return select(r, r + b, r != 0.0 && (r < 0.0) != (b < 0.0));
}
fn op_fmod_i32(a: i32, b: i32) -> i32 { return a % b; }
fn op_remainder_i32(a: i32, b: i32) -> i32 {
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}
fn op_pow_i32(a: i32, b: i32) -> i32 { // 0 for a negative exponent, but where a is 1 or -1
  if (b < 0) { return select(0, select(a, 1, (b & 1) == 0), abs(a) == 1); }
  var y = 1;
  var base = a;
  for (var e = u32(b); e > 0u; e >>= 1u) {
    if ((e & 1u) == 1u) { y *= base; }
    base *= base;
  }
  return y;
}
