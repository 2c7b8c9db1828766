// Exponential moving average of a flat slab: s = decay s + (1 - decay) x, with s exact where both agree.
// Grid: one thread per four elements, folded into y.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> s: array<vec4<f32>>;

struct Params { n4: u32, fresh: f32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n4) { return; }
  s[i] += params.fresh * (x[i] - s[i]);
}
