// 2-D convolution as a product of matrices, the right one of which is never stored (implicit GEMM). For each group
//   y[o, (n, p)] = bias[o] + sum over k = (ic, ky, kx) of weight[o, k] * x[n, g*cg + ic, oy*stride_y + ky*dilation_y - pad_y, ...]
// with pixel p = (oy, ox). Step over conv2d_direct.wgsl: a workgroup gathers patches and weights into its memory, where each
// value serves 64 outputs, and a thread holds 8 x 8 sums, whatever kernel, stride and dilation are. The weight is read with
// strides, which also makes this the data gradient of a convolution of stride 1: channels exchanged, taps backwards.
// What lies outside x is 0: a weight of Inf or NaN there gives NaN.
// Grid: groups * tiles_n * tiles_m workgroups, folded into y; tiles_m = ceil(og / ROWS), tiles_n = ceil(n * oh * ow / COLS).

// @variant TM=4 TN=4 HAS_BIAS=true
// @variant TM=4
// @variant TN=4

// import conv2d_implicit_tile.wgsl

const HAS_BIAS: bool = false;

struct Params {
  workgroups: u32,
  tiles_m: u32,
  tiles_n: u32,
  pixels: u32, // n * oh * ow
  k: u32, // cg * taps
  groups: u32,
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  cg: u32,
  og: u32,
  kw: u32,
  taps: u32, // kh * kw
  per_kw: f32, // 1 / kw
  per_tap: f32, // 1 / taps
  stride_y: u32,
  stride_x: u32,
  dilation_y: u32,
  dilation_x: u32,
  pad_y: u32, // these two may wrap below 0
  pad_x: u32,
  w0: u32, // weight(o,ic,tap) = weight[w0 + g*wg + o*wo + ic*wi + tap*wt], modulo 2^32
  wg: u32,
  wo: u32,
  wi: u32,
  wt: u32,
}

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
  @builtin(local_invocation_index) thread: u32,
) {
  let group = wid.y * nwg.x + wid.x;
  if (group >= params.workgroups) { return; } // the whole workgroup: no barrier is missed
  let tiles = group / params.tiles_m; // neighbours share patches
  let row0 = (group - tiles * params.tiles_m) * ROWS;
  let g = tiles / params.tiles_n;
  let col0 = (tiles - g * params.tiles_n) * COLS;
  let plane = params.oh * params.ow;

  // Of the patches a thread gathers one column. What lies left of or above x wraps to a huge number, as all of a pixel past
  // the end does: one comparison tests both ends.
  let pixel = col0 + thread % COLS;
  let n = pixel / plane;
  let oy = (pixel - n * plane) / params.ow;
  let ox = pixel - n * plane - oy * params.ow;
  let iy0 = oy * params.stride_y - params.pad_y;
  let ix0 = select(0x80000000u, ox * params.stride_x - params.pad_x, pixel < params.pixels);
  let image = (n * params.groups + g) * params.cg * params.h * params.w;

  var acc: array<vec4f, SUMS>;
  for (var k0 = 0u; k0 < params.k; k0 += 4u * QUADS) {
    for (var i = 0u; i < LEFT; i++) {
      let row = row0 + (i * WG + thread) / QUADS;
      let k = k0 + thread % QUADS * 4u + FOUR;
      let ic = quotient(k, params.per_tap);
      let at = params.w0 + g * params.wg + row * params.wo + ic * params.wi + (k - ic * params.taps) * params.wt;
      let v = vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
      let inside = select(0u, params.k, row < params.og);
      left[thread % QUADS * ROWS + row - row0] = select(vec4f(), v, k < vec4u(inside));
    }
    for (var i = 0u; i < RIGHT; i++) {
      let quad = i * (WG / COLS) + thread / COLS;
      let k = k0 + quad * 4u + FOUR;
      let ic = quotient(k, params.per_tap);
      let ky = quotient(k - ic * params.taps, params.per_kw);
      let kx = k - ic * params.taps - ky * params.kw;
      let iy = iy0 + ky * params.dilation_y;
      let ix = ix0 + kx * params.dilation_x;
      let at = image + (ic * params.h + iy) * params.w + ix;
      let v = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
      let inside = (k < vec4u(params.k)) & (iy < vec4u(params.h)) & (ix < vec4u(params.w));
      right[quad * COLS + thread % COLS] = select(vec4f(), v, inside);
    }
    workgroupBarrier();
    for (var q = 0u; q < QUADS; q++) {
      var a: array<vec4f, TM>;
      // @unroll
      for (var i = 0u; i < TM; i++) { a[i] = left[q * ROWS + thread / SIDE + i * SIDE]; }
      // @unroll
      for (var j = 0u; j < TN; j += 4u) {
        let at = q * COLS + thread % SIDE + j * SIDE;
        let b = mat4x4f(right[at], right[at + SIDE], right[at + 2u * SIDE], right[at + 3u * SIDE]);
        // @unroll
        for (var i = 0u; i < TM; i++) { acc[(j / 4u) * TM + i] += a[i] * b; }
      }
    }
    workgroupBarrier();
  }

  // Stored in loops: a text for every sum would be most of the time to compile, the more so with an epilogue.
  var out = acc;
  for (var s = 0u; s < SUMS; s++) {
    let row = row0 + thread / SIDE + s % TM * SIDE;
    // @unroll
    for (var c = 0u; c < 4u; c++) {
      let col = col0 + thread % SIDE + (s / TM * 4u + c) * SIDE;
      if (row < params.og && col < params.pixels) {
        let image_y = col / plane;
        let channel = g * params.og + row;
        let i = (image_y * params.groups * params.og + channel) * plane + col - image_y * plane;
        var v = out[s][c];
        if (HAS_BIAS) { v += bias[channel]; }
        y[i] = epilogue(v, i);
      }
    }
  }
}
