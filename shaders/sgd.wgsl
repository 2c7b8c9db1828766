// Stochastic gradient descent over a flat slab (torch.optim.SGD):
//   d = g + weight_decay p;  m = momentum m + fresh d;  p -= lr (d + momentum m  if NESTEROV, else m)
// `fresh` is 1 at the first step, then 1 - dampening. Without momentum d itself is taken.
// Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives fresh (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> control: array<f32>;

struct Params { n4: u32, lr: f32, weight_decay: f32, momentum: f32, fresh: f32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
const MOMENTUM: bool = false;
const NESTEROV: bool = false;
// @variant MOMENTUM=true
// @variant MOMENTUM=true NESTEROV=true
// @variant HAS_CONTROL=true

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n4) { return; }
  var fresh = params.fresh;
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    fresh = control[1];
  }
  let w = p[i];
  var d = g[i] + params.weight_decay * w;
  if (MOMENTUM) {
    let moment = params.momentum * m[i] + fresh * d;
    m[i] = moment;
    d = select(moment, d + params.momentum * moment, NESTEROV);
  }
  p[i] = w - params.lr * d;
}
