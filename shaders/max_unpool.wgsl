// Max unpooling, step 2 of 2: y[i] = x[owner[i] - 1], 0 where nothing points. Step 1: max_unpool_owner.wgsl.
// Grid: one thread per element of y, folded into y.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> owner: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Params { size: u32 }
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(num_workgroups) nwg: vec3<u32>,
  @builtin(local_invocation_id) lid: vec3<u32>,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.size) { return; }
  let from_row = owner[t];
  if (from_row == 0) {
    y[t] = 0.0;
    return;
  }
  y[t] = x[from_row - 1];
}
