// Gradient of conv2d in its input, the first rung: one thread per element of dx asks every tap which output it fed.
//   dx[n,ic,iy,ix] = sum over o, ky, kx of dy[n,o,oy,ox] * weight[o,ic,ky,kx], where iy = oy*stride_y + ky*dilation_y - pad_y, same for x
// Most taps of a strided convolution fail that test: conv2d_data_gradient.wgsl visits only those that pass.
// Grid: ceil(size / WG) workgroups, folded into y.

// import conv2d_naive_params.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn epilogue(v: f32, i: u32) -> f32 { return v; }

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let i = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (i >= params.size) { return; }
  let ix = i % params.w;
  let iy = (i / params.w) % params.h;
  let c = (i / (params.w * params.h)) % params.c;
  let n = i / (params.w * params.h * params.c);
  let g = c / params.cg;

  var sum = 0.0;
  for (var ky = 0u; ky < params.kh; ky++) {
    // A window that starts above the image wraps to a huge number, which no oy reaches.
    let dy_row = iy + params.pad_y - ky * params.dilation_y;
    if (dy_row % params.stride_y != 0u || dy_row / params.stride_y >= params.oh) { continue; }
    for (var kx = 0u; kx < params.kw; kx++) {
      let dy_column = ix + params.pad_x - kx * params.dilation_x;
      if (dy_column % params.stride_x != 0u || dy_column / params.stride_x >= params.ow) { continue; }
      for (var o = g * params.og; o < (g + 1u) * params.og; o++) {
        sum += dy[((n * params.o + o) * params.oh + dy_row / params.stride_y) * params.ow + dy_column / params.stride_x]
          * weight[((o * params.cg + c % params.cg) * params.kh + ky) * params.kw + kx];
      }
    }
  }
  dx[i] = epilogue(sum, i);
}
