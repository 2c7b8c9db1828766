// RMSprop (Hinton 2012; centered: Graves 2013), as torch.optim.RMSprop, over a flat slab:
//   d = g + weight_decay p;  v = alpha v + (1 - alpha) d^2;  CENTERED: a = alpha a + (1 - alpha) d, else a = 0
//   u = d / (sqrt(v - a^2) + eps);  MOMENTUM: m = momentum m + u, u = m;  p -= lr u
// v - a^2 is not negative but by rounding. Where d = 0 u is 0, whatever eps: the slab's padding stays zero.
// Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> a: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> control: array<f32>;

struct Params { n4: u32, lr: f32, alpha: f32, fresh: f32, eps: f32, weight_decay: f32, momentum: f32 }
@group(0) @binding(6) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
const CENTERED: bool = false;
const MOMENTUM: bool = false;
// @variant CENTERED=true
// @variant MOMENTUM=true
// @variant CENTERED=true MOMENTUM=true
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
  if (HAS_CONTROL) { if (control[0] > 0.0) { return; } }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  var square = params.alpha * v[i] + params.fresh * d * d;
  v[i] = square;
  if (CENTERED) {
    let average = params.alpha * a[i] + params.fresh * d;
    a[i] = average;
    square = select(square - average * average, vec4<f32>(), square < average * average);
  }
  var u = select(d / (sqrt(square) + params.eps), vec4<f32>(), is_zero(d));
  if (MOMENTUM) {
    u += params.momentum * m[i];
    m[i] = u;
  }
  p[i] = w - params.lr * u;
}
