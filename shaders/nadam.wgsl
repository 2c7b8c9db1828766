// NAdam (Dozat 2016, algorithm 2, as torch.optim.NAdam) over a flat slab: Adam whose step looks one momentum ahead.
//   d = g + weight_decay p;  m = beta1 m + (1 - beta1) d;  v = beta2 v + (1 - beta2) d^2
//   p -= (now d + ahead m) / (sqrt(v) / root2 + eps),  now = lr (1 - mu_t) / (1 - prod mu),  ahead = lr mu_(t+1) / (1 - prod' mu)
// Where the numerator is 0 nothing moves, whatever eps: the slab's padding stays zero. Grid: one thread per four elements,
// folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives now, ahead, root2 (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> control: array<f32>;

struct Params { n4: u32, now: f32, ahead: f32, beta1: f32, fresh1: f32, beta2: f32, fresh2: f32, root2: f32, eps: f32, weight_decay: f32 }
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
  var now = params.now;
  var ahead = params.ahead;
  var root2 = params.root2;
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    now = control[1];
    ahead = control[2];
    root2 = control[3];
  }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  let moment = params.beta1 * m[i] + params.fresh1 * d;
  let square = params.beta2 * v[i] + params.fresh2 * d * d;
  m[i] = moment;
  v[i] = square;
  let step = now * d + ahead * moment;
  p[i] = w - select(step / (sqrt(square) / root2 + params.eps), vec4<f32>(), is_zero(step));
}
