// One function per elementwise op, with PyTorch's semantics; the eager kernels, fused chains and epilogues all call these.
// Names: op_<name>_<dtype> where a dtype needs its own, else op_<name>. T is the kernel's element type; bools are u32 0/1.
// Not for import: the engine pulls single functions out of this file. It has no entry point and no constants.
// Accuracy: 1e-5 relative + 1e-6 absolute over all of f32 (sin, cos: |x| <= 3e4). WGSL allows its own exp, pow, sin and
// tanh far more, and may assume that NaN and Inf do not occur: hence the polynomials and the tests by bit pattern.
alias T = f32;

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

// x = k pi/2 + r, |r| <= pi/4: pi/2 in three parts (Cody & Waite), of which k times the first two is exact. q = 0 sin, 1 cos.
fn sin_quadrant(x: f32, q: i32) -> f32 {
  if (is_nan(x) || is_inf(x)) { return nan(); }
  let k = round(x * 0.63661977);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8;
  let z = r * r;
  let turn = i32(k) + q;
  let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let v = select(s, c, (turn & 1) == 1);
  return select(v, -v, (turn & 2) == 2);
}
fn op_sin(x: f32) -> f32 { return sin_quadrant(x, 0); }
fn op_cos(x: f32) -> f32 { return sin_quadrant(x, 1); }
fn op_tan(x: f32) -> f32 { return sin_quadrant(x, 0) / sin_quadrant(x, 1); }
// asin for |x| <= 1/2 (Cephes asinf).
fn asin_small(x: f32) -> f32 {
  let z = x * x;
  return x + x * z * (1.6666752422e-1 + z * (7.4953002686e-2 + z * (4.5470025998e-2 + z * (2.4181311049e-2
    + z * 4.2163199048e-2))));
}
// Beyond 1/2: pi/2 - asin x = 2 asin sqrt((1 - x) / 2)
fn op_asin(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan(); }
  return signed_as(select(asin_small(a), 1.57079633 - 2.0 * asin_small(sqrt(0.5 * (1.0 - a))), a > 0.5), x);
}
fn op_acos(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan(); }
  let far = 2.0 * asin_small(sqrt(0.5 * (1.0 - a)));
  return select(1.57079633 - asin_small(x), select(far, 3.14159265 - far, x < 0.0), a > 0.5);
}
// Cephes atanf, by the tangents of pi/8 and 3 pi/8.
fn op_atan(x: f32) -> f32 {
  let a = abs(x);
  let high = a > 2.41421356;
  let middle = a > 0.41421356 && !high;
  let r = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / max(a, 1.0), high);
  let z = r * r;
  let p = r + r * z * (-3.33329491539e-1 + z * (1.99777106478e-1 + z * (-1.38776856032e-1 + z * 8.05374449538e-2)));
  return select(signed_as(p + select(select(0.0, 0.78539816, middle), 1.57079633, high), x), x, is_nan(x));
}
// The angle of (x, y) = (b, a), in [-pi, pi], by the signs of zeros and infinities too.
fn op_atan2(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return nan(); }
  let high = max(abs(a), abs(b));
  let low = min(abs(a), abs(b));
  let both = is_inf(low);
  let r = op_atan(select(low / select(high, 1.0, high == 0.0), 1.0, both));
  let octant = select(r, 1.57079633 - r, abs(a) > abs(b));
  let negative = (bitcast<u32>(b) >> 31u) == 1u;
  return signed_as(select(octant, 3.14159265 - octant, negative), a);
}
// By the larger one, so that no square overflows.
fn op_hypot(a: f32, b: f32) -> f32 {
  let high = max(abs(a), abs(b));
  let low = min(abs(a), abs(b));
  if (is_inf(a) || is_inf(b)) { return inf(); }
  if (is_nan(a) || is_nan(b)) { return nan(); }
  let r = low / select(high, 1.0, high == 0.0);
  return high * sqrt(1.0 + r * r);
}
fn op_tanh(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 0.625) { // Cephes tanhf
    let z = x * x;
    let p = -5.37397155531e-2 + z * (2.06390887954e-2 - z * 5.70498872745e-3);
    return x + x * z * (-3.33332819422e-1 + z * (1.33314422036e-1 + z * p));
  }
  return signed_as(1.0 - 2.0 / (op_exp(2.0 * min(a, 10.0)) + 1.0), x);
}
fn op_sinh(x: f32) -> f32 {
  if (abs(x) < 1.0) {
    let z = x * x;
    return x + x * z * (0.16666667 + z * (8.3333333e-3 + z * (1.9841270e-4 + z * 2.7557319e-6)));
  }
  let h = op_exp(0.5 * abs(x)); // e^|x| itself overflows before its half does
  return signed_as(0.5 * h * h - 0.5 / h / h, x);
}
fn op_cosh(x: f32) -> f32 {
  let h = op_exp(0.5 * abs(x));
  return 0.5 * h * h + 0.5 / h / h;
}
fn op_asinh(x: f32) -> f32 {
  let a = abs(x);
  if (a > 1e4 || is_nan(x)) { return select(signed_as(op_log(a) + 0.69314718, x), x, is_nan(x)); }
  return signed_as(op_log1p(a + a * a / (1.0 + sqrt(a * a + 1.0))), x);
}
fn op_acosh(x: f32) -> f32 {
  if (x > 1e4) { return op_log(x) + 0.69314718; }
  if (!(x >= 1.0)) { return nan(); }
  let t = x - 1.0;
  return op_log1p(t + sqrt(t * (x + 1.0)));
}
fn op_atanh(x: f32) -> f32 {
  let a = abs(x);
  if (a == 1.0) { return signed_as(inf(), x); }
  if (!(a < 1.0)) { return nan(); }
  return signed_as(0.5 * op_log1p(2.0 * a / (1.0 - a)), x);
}
fn op_sigmoid(x: f32) -> f32 {
  let e = exp_decay(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// e^(z^2) erfc(z) for 0 <= z <= 10.3 to 4e-7: a minimax polynomial of t = 1 / (1 + 0.4 z), relative to the value.
fn erfc_scaled(z: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.4 * z);
  return t * (0.22563423 + t * (0.22644308 + t * (0.20188780 + t * (0.19339234 + t * (0.079758594 + t * (0.087961197
    + t * (0.083990104 + t * (-0.14032063 + t * 0.041253332))))))));
}
// erfc(|x|)
fn erfc_size(x: f32) -> f32 {
  let z = min(abs(x), 10.3); // 0 from there on
  return exp_decay(-z * z) * erfc_scaled(z);
}
fn op_erfc(x: f32) -> f32 {
  let tail = erfc_size(x);
  return select(select(tail, 2.0 - tail, x < 0.0), x, is_nan(x));
}
fn op_erf(x: f32) -> f32 {
  let z = x * x; // Cephes erff below 1, where 1 - erfc would cancel
  let near = x * (1.128379165726710 + z * (-3.761262582423300e-1 + z * (1.128358514861418e-1 + z * (-2.685381193529856e-2
    + z * (5.188327685732524e-3 + z * (-8.010193625184903e-4 + z * 7.853861353153693e-5))))));
  return select(select(signed_as(1.0 - erfc_size(x), x), near, abs(x) < 1.0), x, is_nan(x));
}

fn op_neg(x: T) -> T { return -x; }
fn op_abs(x: T) -> T { return abs(x); }
fn op_sign(x: T) -> T { return T(x > T(0)) - T(x < T(0)); }
fn op_square(x: T) -> T { return x * x; }
fn op_relu(x: T) -> T { return max(x, T(0)); }
fn op_relu_f32(x: f32) -> f32 { return select(max(x, 0.0), x, is_nan(x)); }
fn op_leaky_relu(x: f32, slope: f32) -> f32 { return select(x, slope * x, x < 0.0); }
fn op_elu(x: f32, alpha: f32) -> f32 {
  if (x > 0.0 || is_nan(x)) { return x; }
  return alpha * op_expm1(x);
}
// (e^(-x^2/2), Phi(x)): one exponential for gelu and its gradient.
fn normal_parts(x: f32) -> vec2f {
  let w = min(abs(x), 14.5);
  let e = exp_decay(-0.5 * w * w);
  let tail = 0.5 * e * erfc_scaled(w * 0.70710678);
  return vec2f(e, select(1.0 - tail, tail, x < 0.0));
}
// x Phi(x)
fn op_gelu(x: f32) -> f32 { return x * normal_parts(x).y; }
fn op_gelu_gradient(x: f32) -> f32 {
  let n = normal_parts(x);
  return n.y + x * 0.39894228 * n.x;
}
// 0.5 x (1 + tanh(u)) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3)
fn op_gelu_tanh(x: f32) -> f32 { return x * op_sigmoid(1.5957691 * (x + 0.044715 * x * x * x)); }
// x tanh(log(1 + e^x)) = x n / (n + 2 m), of one exponential: n = e^x (e^x + 2), m = 1, both by e^-2x above 0.
fn mish_parts(x: f32) -> vec2f {
  let w = exp_decay(-abs(x));
  return select(vec2f(w * (w + 2.0), 1.0), vec2f(1.0 + 2.0 * w, w * w), x >= 0.0);
}
fn op_mish(x: f32) -> f32 {
  let n = mish_parts(x);
  return x * n.x / (n.x + 2.0 * n.y);
}
// t + x (1 - t^2) sigmoid(x), t = n / (n + 2 m)
fn op_mish_gradient(x: f32) -> f32 {
  let n = mish_parts(x);
  let d = 1.0 / (n.x + 2.0 * n.y);
  return n.x * d + x * (2.0 * n.y * d) * (1.0 + n.x * d) * op_sigmoid(x);
}
fn op_log_sigmoid(x: f32) -> f32 { return min(x, 0.0) - op_log1p(exp_decay(-abs(x))); }
fn op_silu(x: f32) -> f32 { return x * op_sigmoid(x); }
// log(1 + e^x), and x itself above PyTorch's threshold 20
fn op_softplus(x: f32) -> f32 {
  if (x > 20.0) { return x; }
  return op_log1p(op_exp(x));
}
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

fn ordered(a: f32, b: f32) -> bool { return !(is_nan(a) || is_nan(b)); }
fn op_eq(a: T, b: T) -> u32 { return u32(a == b); }
fn op_ne(a: T, b: T) -> u32 { return u32(a != b); }
fn op_lt(a: T, b: T) -> u32 { return u32(a < b); }
fn op_le(a: T, b: T) -> u32 { return u32(a <= b); }
fn op_gt(a: T, b: T) -> u32 { return u32(a > b); }
fn op_ge(a: T, b: T) -> u32 { return u32(a >= b); }
fn op_eq_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a == b); }
fn op_ne_f32(a: f32, b: f32) -> u32 { return 1u - op_eq_f32(a, b); }
fn op_lt_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a < b); }
fn op_le_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a <= b); }
fn op_gt_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a > b); }
fn op_ge_f32(a: f32, b: f32) -> u32 { return u32(ordered(a, b) && a >= b); }

fn op_to_f32(x: T) -> f32 { return f32(x); }
fn op_to_i32(x: T) -> i32 { return i32(x); }
fn op_to_u32(x: T) -> u32 { return u32(x); }
fn op_to_bool(x: T) -> u32 { return u32(x != T(0)); }
fn op_to_bool_f32(x: f32) -> u32 { return u32((bitcast<u32>(x) << 1u) != 0u); } // NaN is true
fn op_logical_and(a: T, b: T) -> u32 { return u32(a != T(0)) & u32(b != T(0)); }
fn op_logical_or(a: T, b: T) -> u32 { return u32(a != T(0)) | u32(b != T(0)); }
fn op_logical_not(x: T) -> u32 { return u32(x == T(0)); }
fn op_logical_and_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) & op_to_bool_f32(b); }
fn op_logical_or_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) | op_to_bool_f32(b); }
fn op_logical_not_f32(x: f32) -> u32 { return 1u - op_to_bool_f32(x); }
fn op_logical_xor(a: T, b: T) -> u32 { return u32(a != T(0)) ^ u32(b != T(0)); }
fn op_logical_xor_f32(a: f32, b: f32) -> u32 { return op_to_bool_f32(a) ^ op_to_bool_f32(b); }
fn op_shift_left(a: T, b: T) -> T { return select(a << (u32(b) & 31u), T(0), u32(b) > 31u); }
// The sign fills in.
fn op_shift_right(a: T, b: T) -> T { return a >> min(u32(b), 31u); }
fn op_shift_right_u32(a: u32, b: u32) -> u32 { return select(a >> (b & 31u), 0u, b > 31u); }
