// 2-D convolution (cross-correlation, as PyTorch's conv2d), the first rung of the ladder and the oracle of the others:
//   y[n,o,oy,ox] = bias[o] + sum over ic, ky, kx of x[n, g*cg + ic, oy*stride_y + ky*dilation_y - pad_y, ...] * weight[o,ic,ky,kx]
// with g the group of o and cg = c / groups. One thread per output; taps that fall outside x are skipped.
// Slow, since every thread loads two numbers per multiply-add: conv2d_direct.wgsl keeps them in registers.
// Grid: ceil(size / WG) workgroups, folded into y.

// @variant HAS_BIAS=true

// import conv2d_naive_params.wgsl

const HAS_BIAS: bool = false;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn epilogue(v: f32, i: u32) -> f32 { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  let ox = i % params.ow;
  let oy = (i / params.ow) % params.oh;
  let o = (i / (params.ow * params.oh)) % params.o;
  let n = i / (params.ow * params.oh * params.o);
  let c0 = (o / params.og) * params.cg;

  var sum = 0.0;
  for (var ic = 0u; ic < params.cg; ic++) {
    for (var ky = 0u; ky < params.kh; ky++) {
      // A row above the image wraps to a huge number, so one comparison tests both ends.
      let iy = oy * params.stride_y + ky * params.dilation_y - params.pad_y;
      if (iy >= params.h) { continue; }
      for (var kx = 0u; kx < params.kw; kx++) {
        let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
        if (ix >= params.w) { continue; }
        sum += x[((n * params.c + c0 + ic) * params.h + iy) * params.w + ix]
          * weight[((o * params.cg + ic) * params.kh + ky) * params.kw + kx];
      }
    }
  }
  if (HAS_BIAS) { sum += bias[o]; }
  y[i] = epilogue(sum, i);
}
