// dx[plane,i] = sum of dy[plane,o] over the windows o whose maximum is i: each element asks the windows that can contain
// it, so nothing is scattered and the order of the sum is fixed.
// Grid: one thread per element of x, folded into y. Even 2x2 planes: max_pool2d_pairs_backward.wgsl.

// @variant ADAPTIVE=true

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.n) { return; }
  let p = place(i, size());
  let plane = p.x * params.oh * params.ow;
  let own = p.y * params.w + p.z;
  let first = windows_begin(p.yz);
  let end = windows_end(p.yz);
  var sum = 0.0;
  for (var oy = first[0]; oy < end[0]; oy++) {
    for (var ox = first[1]; ox < end[1]; ox++) {
      let o = plane + oy * params.ow + ox;
      if (indices[o] == own) { sum += dy[o]; }
    }
  }
  dx[i] = sum;
}
