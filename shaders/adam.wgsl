// Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019, algorithm 2) over a flat slab:
//   g += weight_decay p  (Adam)   or   p -= lr weight_decay p  (AdamW: DECOUPLED)
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//   p -= step_size m / (sqrt(v) / root2 + eps),  step_size = lr / (1 - beta1^t),  root2 = sqrt(1 - beta2^t)
// AMSGRAD divides by the largest v so far (Reddi et al. 2018), NaN kept. Where m = 0 nothing moves, whatever eps: the slab's
// padding must stay zero, and 0 / (0 + eps) does not with eps = 0. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives step_size, root2 (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> v_max: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> control: array<f32>;

// `fresh1` and `fresh2` are 1 - beta, rounded once from f64.
struct Params {
  n4: u32,
  step_size: f32,
  beta1: f32,
  fresh1: f32,
  beta2: f32,
  fresh2: f32,
  root2: f32,
  eps: f32,
  decay: f32, // Adam: weight_decay; AdamW: 1 - lr weight_decay
}
@group(0) @binding(6) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
const DECOUPLED: bool = false;
const AMSGRAD: bool = false;
// @variant DECOUPLED=true
// @variant AMSGRAD=true
// @variant HAS_CONTROL=true

fn is_nan(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) > vec4(0x7f800000u);
}

fn is_zero(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) == vec4(0u);
}

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n4) { return; }
  var step_size = params.step_size;
  var root2 = params.root2;
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    step_size = control[1];
    root2 = control[2];
  }
  var w = p[i];
  var d = g[i];
  if (DECOUPLED) { w *= params.decay; } else { d += params.decay * w; }
  let moment = params.beta1 * m[i] + params.fresh1 * d;
  var square = params.beta2 * v[i] + params.fresh2 * d * d;
  m[i] = moment;
  v[i] = square;
  if (AMSGRAD) {
    square = select(max(v_max[i], square), square + v_max[i], is_nan(square) | is_nan(v_max[i]));
    v_max[i] = square;
  }
  let change = step_size * moment / (sqrt(square) / root2 + params.eps);
  p[i] = w - select(change, vec4<f32>(), is_zero(moment));
}
