// Scalar functions (scalar.wgsl): sigmoid, the error function, activations and the gradients that share their terms.

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

fn op_relu(x: T) -> T { return max(x, T(0)); }
fn op_relu_f32(x: f32) -> f32 { return select(max(x, 0.0), x, is_nan(x)); }
fn op_leaky_relu(x: f32, slope: f32) -> f32 { return select(x, slope * x, x < 0.0); }
fn op_elu(x: f32, alpha: f32) -> f32 {
  if (x > 0.0 || is_nan(x)) { return x; }
  return alpha * op_expm1(x);
}
// (e^(-x^2/2), Phi(x)): one exponential for gelu and its gradient. The built-in one, at a third of the cost of exp_decay: its
// error, 3 + x^2 ulp, is below 1e-5 wherever the value counts, and NaN comes back in by the product with x.
fn normal_parts(x: f32) -> vec2f {
  let w = min(abs(x), 14.5);
  let e = select(exp(-0.5 * w * w), 0.0, w > 13.2); // e^-87.12, close above the smallest normal number
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
