// The elementwise halves of Muon's step (Jordan 2024, as torch.optim.Muon) for one matrix of n elements in the slab:
// momentum: m += fresh (g - m);  u = NESTEROV ? g + momentum (m - g) : m        between them u is made orthogonal -> o
// apply:    p = decay p - rate o,  decay = 1 - lr weight_decay,  rate = lr by the shape
// HAS_CONTROL: a gradient scaler may skip the step (step_control.wgsl); then u and o are not used.
// Element by element, because the padding of the slab must stay zero. Grid: one thread per element, folded into y.

@group(0) @binding(0) var<storage, read> x: array<f32>; // momentum: g; apply: o
@group(0) @binding(1) var<storage, read_write> y: array<f32>; // momentum: m; apply: p
@group(0) @binding(2) var<storage, read_write> u: array<f32>;
@group(0) @binding(3) var<storage, read> control: array<f32>;

struct Params { n: u32, a: f32, b: f32 } // momentum: fresh, momentum; apply: decay, rate
@group(0) @binding(4) var<uniform> params: Params;

override WG: u32 = 64;
const NESTEROV: bool = false;
const HAS_CONTROL: bool = false;
// @variant NESTEROV=true entry=momentum
// @variant HAS_CONTROL=true entry=momentum
// @variant HAS_CONTROL=true entry=apply

@compute @workgroup_size(WG)
fn momentum(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  if (HAS_CONTROL) { if (control[0] > 0.0) { return; } }
  let g = x[i];
  let m = y[i] + params.a * (g - y[i]);
  y[i] = m;
  u[i] = select(m, g + params.b * (m - g), NESTEROV);
}

@compute @workgroup_size(WG)
fn apply(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  if (HAS_CONTROL) { if (control[0] > 0.0) { return; } }
  y[i] = params.a * y[i] - params.b * x[i];
}
