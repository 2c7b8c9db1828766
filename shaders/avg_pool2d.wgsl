// y[plane,o] = sum of x over the window of o / divisor. The divisor is fixed, or what the window covers: its elements
// inside x, or (INCLUDE_PAD) inside x and its padding. Grid: one thread per output, folded into y.

// @variant INCLUDE_PAD=false
// @variant ADAPTIVE=true INCLUDE_PAD=false

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
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
  let p = place(i, out_size());
  let o = p.yz;
  let plane = p.x * params.h * params.w;
  let first = max(window_begin(o), vec2i(0));
  let end = min(window_end(o), size());
  var sum = 0.0;
  for (var iy = first[0]; iy < end[0]; iy++) {
    // Rows are added up on their own: sums of a whole plane stay short chains.
    var row = 0.0;
    for (var ix = first[1]; ix < end[1]; ix++) {
      row += x[plane + iy * params.w + ix];
    }
    sum += row;
  }
  y[i] = sum / divisor(o);
}
