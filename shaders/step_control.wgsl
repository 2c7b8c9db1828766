// What a step of an optimizer takes from the GPU when a gradient scaler decides whether it counts. Before the update of a stretch
// of `count` parameters from `first`; all of them have skipped the same steps.
//   control[0] = 1 if the step is skipped (found[0] != 0): then skipped[k] += 1 for each of them
//   control[1..3] = the numbers that depend on the steps taken, t = attempted - skipped[first]: see the entry points
// log1, log2 = ln beta, from f64: 1 - beta^t = -expm1(t ln beta) keeps its digits at small t.
// Grid: one workgroup.

@group(0) @binding(0) var<storage, read> found: array<u32>;
@group(0) @binding(1) var<storage, read_write> skipped: array<f32>;
@group(0) @binding(2) var<storage, read_write> control: array<f32>;

struct Params { first: u32, count: u32, attempted: f32, lr: f32, log1: f32, log2: f32, x: f32, y: f32 }
@group(0) @binding(3) var<uniform> params: Params;

const WG: u32 = 64;

// Counts the step; t, for lane 0. Every lane has parameters of its own, so there is nothing to wait for.
fn decide(lane: u32) -> f32 {
  let t = params.attempted - skipped[params.first];
  let bad = found[0] != 0u;
  for (var k = lane; k < params.count; k += WG) { if (bad) { skipped[params.first + k] += 1.0; } }
  if (lane == 0u) { control[0] = select(0.0, 1.0, bad); }
  return t;
}

// 1 - e^x, x <= 0
fn fresh(x: f32) -> f32 {
  if (x < -0.35) { return 1.0 - exp(max(x, -100.0)); }
  let p = 4.1666667e-2 + x * (8.3333333e-3 + x * (1.3888889e-3 + x * 1.9841270e-4));
  return -(x + x * x * (0.5 + x * (0.16666667 + x * p)));
}

@compute @workgroup_size(WG)
fn plain(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
}

// The share of the gradient in the momentum: 1 at the first step, then x = 1 - dampening.
@compute @workgroup_size(WG)
fn sgd(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
  if (lid.x == 0u) { control[1] = select(params.x, 1.0, t <= 1.0); }
}

// lr / (1 + (t - 1) x), x = lrDecay
@compute @workgroup_size(WG)
fn adagrad(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
  if (lid.x == 0u) { control[1] = params.lr / (1.0 + (t - 1.0) * params.x); }
}

// lr / (1 - beta1^t) and sqrt(1 - beta2^t)
@compute @workgroup_size(WG)
fn adam(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
  if (lid.x > 0u) { return; }
  control[1] = params.lr / fresh(params.log1 * t);
  control[2] = sqrt(fresh(params.log2 * t));
}

// mu_t = x (1 - 0.96^(t momentumDecay) / 2), x = beta1, y = momentumDecay ln 0.96
fn mu(t: f32) -> f32 { return params.x * (1.0 - 0.5 * exp(max(params.y * t, -100.0))); }

// lr (1 - mu_t) / (1 - mu_1 ... mu_t), lr mu_(t+1) / (1 - mu_1 ... mu_(t+1)), sqrt(1 - beta2^t)
@compute @workgroup_size(WG)
fn nadam(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
  if (lid.x > 0u) { return; }
  var product = 1.0; // its further factors do not show beside 1
  for (var k = 1.0; k <= t && product > 1e-9; k += 1.0) { product *= mu(k); }
  let ahead = mu(t + 1.0);
  control[1] = params.lr * (1.0 - mu(t)) / (1.0 - product);
  control[2] = params.lr * ahead / (1.0 - product * ahead);
  control[3] = sqrt(fresh(params.log2 * t));
}

// rho_t = x - 2 t beta2^t / (1 - beta2^t), x = 2 / (1 - beta2) - 1. Early that is a small difference of large numbers:
// rho_t = y + t - 2 / L h(z), z = t L, L = -ln beta2, y = x - 2 / L, h(z) = z / (e^z - 1) - 1 + z / 2 = z^2 / 12 - z^4 / 720 + ...
fn rho(t: f32) -> f32 {
  let z = -params.log2 * t;
  if (z > 1.0) { return params.x - 2.0 * t * exp(max(-z, -100.0)) / fresh(-z); }
  let s = z * z;
  let h = s / 12.0 * (1.0 - s / 60.0 * (1.0 - s / 42.0 * (1.0 - s / 40.0)));
  return params.y + t + 2.0 * h / params.log2;
}

// lr / (1 - beta1^t) and r_t sqrt(1 - beta2^t), 0 while rho_t <= 5
@compute @workgroup_size(WG)
fn radam(@builtin(local_invocation_id) lid: vec3<u32>) {
  let t = decide(lid.x);
  if (lid.x > 0u) { return; }
  let r = rho(t);
  let most = params.x;
  let square = (r - 4.0) * (r - 2.0) * most / ((most - 4.0) * (most - 2.0) * max(r, 5.0));
  control[1] = params.lr / fresh(params.log1 * t);
  control[2] = select(0.0, sqrt(max(square, 0.0) * fresh(params.log2 * t)), r > 5.0);
}
