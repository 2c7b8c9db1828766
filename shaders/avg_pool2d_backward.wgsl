// dx[plane,i] = sum of dy[plane,o] / divisor(o) over the windows o that cover i: the adjoint of avg_pool2d.wgsl.
// Grid: one thread per element of x, folded into y.

// @variant INCLUDE_PAD=false
// @variant ADAPTIVE=true INCLUDE_PAD=false

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl
// import pool_average.wgsl

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
  let first = windows_begin(p.yz);
  let end = windows_end(p.yz);
  var sum = 0.0;
  // The same number of turns for every thread and no branch, as max_pool2d_backward.wgsl.
  for (var j = 0; j < params.cover_y; j++) {
    for (var k = 0; k < params.cover_x; k++) {
      let window = first + vec2i(j, k);
      let inside = all(window < end);
      let o = select(0, plane + window[0] * params.ow + window[1], inside);
      sum += select(0.0, dy[o] / divisor(window), inside);
    }
  }
  dx[i] = sum;
}
