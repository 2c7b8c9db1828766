// 2-D convolution from registers: thread = TY output rows of one column x TO output channels.
//   y[n,o,oy,ox] = bias[o] + sum over ic, ky, kx of x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...] * weight[o,ic,ky,kx]
// Step over conv2d_naive.wgsl: one kernel column needs SPAN + KH*TO loads for KH*TY*TO multiply-adds (5x5, 14x4: 38 for 280),
// and neighbouring threads read neighbouring columns. What decides the indices of the registers is constant (KH, SY = row
// stride, DY = row dilation), the rest are params. Nothing branches on the border: rows and columns outside x read as 0, so
// a weight of Inf or NaN makes the outputs whose window overlaps the padding at that tap NaN.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * groups * blocks * bands * ow, where
// blocks = ceil(og / TO), bands = ceil(oh / TY).

// @variant TY=14 KH=5 HAS_BIAS=true
// @variant TY=4 TO=2 SY=2 DY=3

override WG: u32 = 64;

const TY: u32 = 8;
const TO: u32 = 4;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const SPAN: u32 = (TY - 1u) * SY + (KH - 1u) * DY + 1u;
const TILE: u32 = TY * TO;
const HAS_BIAS: bool = false;

struct Params {
  threads: u32,
  groups: u32,
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  cg: u32,
  og: u32,
  kw: u32,
  stride_x: u32,
  dilation_x: u32,
  pad_y: u32,
  pad_x: u32,
  blocks: u32,
  bands: u32,
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
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let strip = t / params.ow; // divisions are slow: one a level, the rest by multiplying back
  let ox = t - strip * params.ow;
  let tile = strip / params.bands;
  let oy0 = (strip - tile * params.bands) * TY;
  let part = tile / params.blocks; // n * groups + g
  let o0 = (tile - part * params.blocks) * TO; // within the group
  let channel0 = part % params.groups * params.og + o0;
  // The last block may reach past the group: it repeats the last channel and does not store it.
  let last = min(TO, params.og - o0) - 1u;
  let iy0 = oy0 * SY - params.pad_y;
  let taps = KH * params.kw;

  var acc: array<f32, TILE>;
  var kx = 0u;
  var plane = part * params.cg * params.h * params.w;
  var tap = channel0 * params.cg * taps;
  // One loop over input channels and kernel columns: a software adapter copies every sum once per turn of every loop.
  for (var k = 0u; k < params.cg * params.kw; k++) {
    // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
    let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
    let rows = select(0u, params.h, ix < params.w);
    let first = plane + iy0 * params.w + ix;
    var xs: array<f32, SPAN>;
    // @unroll
    for (var s = 0u; s < SPAN; s++) {
      xs[s] = select(0.0, x[first + s * params.w], iy0 + s < rows);
    }
    // @unroll
    for (var o = 0u; o < TO; o++) {
      let column = tap + min(o, last) * params.cg * taps + kx;
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        let wk = weight[column + ky * params.kw];
        // @unroll
        for (var j = 0u; j < TY; j++) {
          acc[o * TY + j] += xs[j * SY + ky * DY] * wk;
        }
      }
    }
    kx++;
    let next = kx == params.kw; // on to the next input channel
    kx = select(kx, 0u, next);
    plane += select(0u, params.h * params.w, next);
    tap += select(0u, taps, next);
  }

  // @unroll
  for (var o = 0u; o < TO; o++) {
    if (o <= last) {
      let first = ((part * params.og + o0 + o) * params.oh + oy0) * params.ow + ox;
      var b = 0.0;
      if (HAS_BIAS) { b = bias[channel0 + o]; }
      // @unroll
      for (var j = 0u; j < TY; j++) {
        let i = first + j * params.ow;
        if (oy0 + j < params.oh) { y[i] = epilogue(acc[o * TY + j] + b, i); }
      }
    }
  }
}
