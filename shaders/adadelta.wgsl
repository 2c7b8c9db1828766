// Adadelta (Zeiler 2012, algorithm 1, as torch.optim.Adadelta) over a flat slab:
//   d = g + weight_decay p;  v = rho v + (1 - rho) d^2;  u = d sqrt(a + eps) / sqrt(v + eps);  a = rho a + (1 - rho) u^2
//   p -= lr u
// Where d = 0 u is 0, whatever eps: the slab's padding stays zero. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> a: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> control: array<f32>;

struct Params { n4: u32, lr: f32, rho: f32, fresh: f32, eps: f32, weight_decay: f32 }
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
  if (HAS_CONTROL) { if (control[0] > 0.0) { return; } }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  let square = params.rho * v[i] + params.fresh * d * d;
  v[i] = square;
  let u = select(d * sqrt(a[i] + params.eps) / sqrt(square + params.eps), vec4<f32>(), is_zero(d));
  a[i] = params.rho * a[i] + params.fresh * u * u;
  p[i] = w - params.lr * u;
}
