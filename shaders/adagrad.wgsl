// Adagrad (Duchi, Hazan & Singer 2011, as torch.optim.Adagrad) over a flat slab:
//   d = g + weight_decay p;  v += d^2;  p -= lr d / (sqrt(v) + eps),  lr = the rate after its decay
// Where d = 0 nothing moves, whatever eps: the slab's padding stays zero. Grid: one thread per four elements, folded into y.
// HAS_CONTROL: a gradient scaler may skip the step, and gives lr (step_control.wgsl).

@group(0) @binding(0) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> p: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> control: array<f32>;

struct Params { n4: u32, lr: f32, eps: f32, weight_decay: f32 }
@group(0) @binding(4) var<uniform> params: Params;

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
  var lr = params.lr;
  if (HAS_CONTROL) {
    if (control[0] > 0.0) { return; }
    lr = control[1];
  }
  let w = p[i];
  let d = g[i] + params.weight_decay * w;
  let square = v[i] + d * d;
  v[i] = square;
  p[i] = w - select(lr * d / (sqrt(square) + params.eps), vec4<f32>(), is_zero(d));
}
