// y[plane,o] = max of x over the window of o; indices[plane,o] = where in the h*w plane, -1 for a window wholly outside.
// As PyTorch: of equal values the first wins, NaN beats all, padding counts as -inf.
// Grid: one thread per output, folded into y. Even 2x2 planes: max_pool2d_pairs.wgsl.

// @variant ADAPTIVE=true

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> indices: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

override WG: u32 = 64;

// import pool_window.wgsl
// import pool_max.wgsl

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
  let first = window_first(o);
  let end = min(window_end(o), size());
  var best = lowest();
  var at = -1;
  for (var iy = first[0]; iy < end[0]; iy += DILATION_Y) {
    for (var ix = first[1]; ix < end[1]; ix += DILATION_X) {
      let here = iy * params.w + ix;
      let v = x[plane + here];
      if (at < 0 || beats(v, best)) {
        best = v;
        at = here;
      }
    }
  }
  y[i] = best;
  indices[i] = at;
}
