// Adamax (Kingma & Ba 2015, algorithm 2, as torch.optim.Adamax) over a flat slab:
//   d = g + weight_decay p;  m = beta1 m + (1 - beta1) d;  u = max(beta2 u, |d| + eps), NaN kept
//   p -= step_size m / u,  step_size = lr / (1 - beta1^t)
// Where m = 0 nothing moves, whatever eps: the slab's padding stays zero. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives step_size (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> u: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> control: array<f32>;

struct Params { n4: u32, step_size: f32, beta1: f32, fresh1: f32, beta2: f32, eps: f32, weight_decay: f32 }
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
// @variant HAS_CONTROL=true

fn is_zero(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) == vec4(0u);
}

fn is_nan(x: vec4<f32>) -> vec4<bool> {
  return (bitcast<vec4<u32>>(x) & vec4(0x7fffffffu)) > vec4(0x7f800000u);
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
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    step_size = control[1];
  }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  let moment = params.beta1 * m[i] + params.fresh1 * d;
  let old = params.beta2 * u[i];
  let size = abs(d) + params.eps;
  let most = select(max(old, size), old + size, is_nan(old) | is_nan(size));
  m[i] = moment;
  u[i] = most;
  p[i] = w - select(step_size * moment / most, vec4<f32>(), is_zero(moment));
}
