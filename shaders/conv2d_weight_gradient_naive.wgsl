// Gradient of conv2d in its weight, the first rung: one thread per weight goes over every output that used it,
//   dw[o,ic,ky,kx] = sum over n, oy, ox of dy[n,o,oy,ox] * x[n, g*cg + ic, oy*stride_y + ky*dilation_y - pad_y, ox*stride_x + ...]
// Few threads, long sums, two loads per multiply-add: conv2d_weight_gradient.wgsl mends all three.
// Grid: ceil(size / WG) workgroups, folded into y.

// import conv2d_naive_params.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  let kx = i % params.kw;
  let ky = (i / params.kw) % params.kh;
  let ic = (i / (params.kw * params.kh)) % params.cg;
  let o = i / (params.kw * params.kh * params.cg);
  let c = (o / params.og) * params.cg + ic;

  var sum = 0.0;
  for (var n = 0u; n < params.n; n++) {
    for (var oy = 0u; oy < params.oh; oy++) {
      // A row above the image wraps to a huge number, so one comparison tests both ends.
      let iy = oy * params.stride_y + ky * params.dilation_y - params.pad_y;
      if (iy >= params.h) { continue; }
      for (var ox = 0u; ox < params.ow; ox++) {
        let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
        if (ix >= params.w) { continue; }
        sum += x[((n * params.c + c) * params.h + iy) * params.w + ix]
          * dy[((n * params.o + o) * params.oh + oy) * params.ow + ox];
      }
    }
  }
  dw[i] = sum;
}
