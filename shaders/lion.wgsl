// Lion (Chen et al. 2023, algorithm 2) over a flat slab:
//   p -= lr weight_decay p;  p -= lr sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g
// `decay` is 1 - lr weight_decay. The sign of NaN is NaN. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> control: array<f32>;

struct Params { n4: u32, lr: f32, beta1: f32, fresh1: f32, beta2: f32, fresh2: f32, decay: f32 }
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const HAS_CONTROL: bool = false;
// @variant HAS_CONTROL=true

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
  if (HAS_CONTROL) { if (control[0] > 0.0) { return; } }
  let d = g[i];
  let old = m[i];
  let c = params.beta1 * old + params.fresh1 * d;
  m[i] = params.beta2 * old + params.fresh2 * d;
  p[i] = params.decay * p[i] - params.lr * select(sign(c), c, is_nan(c));
}
