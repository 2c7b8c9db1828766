// Gradient of cross-entropy against class indices, x [outer, n, inner], p = exp(x - max - log_sum):
//   dx[c] = g * ((1 - e) w[t] (p[c] - [c = t]) + e / n * (p[c] sum_k w[k] - w[c])).
// g = dy (sum), dy / total (MEAN), dy[row] (EACH). Ignored rows: 0. An index outside [0, n): NaN.
// ONLY_TARGET: instead the weights of log p in the loss, -dx without p and g: (1 - e) w[t] [c = t] + e / n * w[c].
// Grid: one thread per element, folded into y.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> weight_sum: array<f32>; // of all classes
@group(0) @binding(4) var<storage, read> stats: array<f32>; // [2, rows]: max, log-sum
@group(0) @binding(5) var<storage, read> total: array<f32>; // of row weights
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

struct Params { size: u32, rows: u32, n: u32, inner: u32, ignored: i32, smoothing: f32, nan: u32 }
@group(0) @binding(8) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_WEIGHT: bool = false;
// @variant HAS_WEIGHT=true
const MEAN: bool = false;
const EACH: bool = false;
// @variant MEAN=true EACH=false
const ONLY_TARGET: bool = false;
// @variant ONLY_TARGET=true

// exp, but NaN of NaN: WGSL may give anything there.
fn exp_nan(v: f32) -> f32 {
  return select(exp(v), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  let c = (i / params.inner) % params.n;
  let row = i / (params.inner * params.n) * params.inner + i % params.inner;
  let t = labels[row];
  if (t == params.ignored) {
    dx[i] = 0.0;
    return;
  }
  if (t < 0 || u32(t) >= params.n) {
    dx[i] = bitcast<f32>(params.nan);
    return;
  }
  var w_t = 1.0;
  var w_c = 1.0;
  var w_all = f32(params.n);
  if (HAS_WEIGHT) {
    w_t = weight[t];
    w_c = weight[c];
    w_all = weight_sum[0];
  }
  let hard = (1.0 - params.smoothing) * w_t;
  let soft = params.smoothing / f32(params.n);
  let wanted = select(0.0, hard, c == u32(t)) + soft * w_c;
  if (ONLY_TARGET) {
    dx[i] = wanted;
    return;
  }
  var g = dy[select(0u, row, EACH)];
  if (MEAN) { g /= total[0]; }
  let p = exp_nan((x[i] - stats[row]) - stats[params.rows + row]);
  dx[i] = g * (p * (hard + soft * w_all) - wanted);
}
