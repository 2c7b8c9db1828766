// y[j, c] = 1 where c is ids[j], else 0; an id that is no class gives a row of zeros. y [n, classes].
// Grid: one thread per element of y, folded into y.
// @variant T=f32
alias T = i32;

@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<T>;

struct Params { size: u32, classes: u32 }
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  y[t] = T(ids[t / params.classes] == i32(t % params.classes));
}
