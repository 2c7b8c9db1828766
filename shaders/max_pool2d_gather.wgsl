// y[plane,o] = x[plane, indices[plane,o]], 0 where the index is -1: max pooling with the choice already made, the
// gradient of max_pool2d_backward.wgsl in dy. Grid: one thread per output, folded into y.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

struct Params {
  n: u32,
  plane: u32, // h * w
  out_plane: u32, // oh * ow
}
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  let at = indices[i];
  if (at < 0) {
    y[i] = 0.0;
    return;
  }
  y[i] = x[i / params.out_plane * params.plane + u32(at)];
}
