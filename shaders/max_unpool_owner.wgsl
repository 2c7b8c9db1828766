// Max unpooling, step 1 of 2: owner[plane, indices[plane, i]] = 1 + the largest i that points there; 0 stays where none does.
// An integer maximum, so the order of the race does not matter. Step 2: max_unpool.wgsl. `owner` comes in filled with 0.
// Grid: one thread per index, folded into y.

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read_write> owner: array<atomic<i32>>;

struct Params {
  size: u32,
  plane: u32, // elements of x in a plane
  out_plane: u32, // elements of y in a plane
}
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
  let at = indices[t];
  if (at < 0 || at >= i32(params.out_plane)) { return; }
  atomicMax(&owner[t / params.plane * params.out_plane + u32(at)], i32(t) + 1);
}
