// Scalar functions (scalar.wgsl): circular and hyperbolic functions and their inverses.

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
