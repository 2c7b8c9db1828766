// RAdam (Liu et al. 2020, algorithm 2, as torch.optim.RAdam) over a flat slab:
//   d = g + weight_decay p;  m = beta1 m + (1 - beta1) d;  v = beta2 v + (1 - beta2) d^2
//   p -= step_size m rect / (sqrt(v) + eps);  without the division while the variance is not tractable (rect = 0)
// with step_size = lr / (1 - beta1^t), rect = r_t sqrt(1 - beta2^t). Where m = 0 nothing moves, whatever eps: the slab's
// padding stays zero. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives step_size, rect (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> control: array<f32>;

struct Params { n4: u32, step_size: f32, rect: f32, beta1: f32, fresh1: f32, beta2: f32, fresh2: f32, eps: f32, weight_decay: f32 }
@group(0) @binding(5) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
// @variant HAS_CONTROL=true

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
  var rect = params.rect;
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    step_size = control[1];
    rect = control[2];
  }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  let moment = params.beta1 * m[i] + params.fresh1 * d;
  let square = params.beta2 * v[i] + params.fresh2 * d * d;
  m[i] = moment;
  v[i] = square;
  var change = step_size * moment;
  if (rect > 0.0) { change *= rect / (sqrt(square) + params.eps); }
  p[i] = w - select(change, vec4<f32>(), is_zero(moment));
}
