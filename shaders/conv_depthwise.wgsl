// Depthwise convolution: every output channel has one plane of x to itself, og of them the same one.
//   y[n,o,oy,ox] = bias[o] + sum over ky, kx of x[n, o / og, oy*stride_y + ky*dilation_y - pad_y, ox*SX + kx*DX - pad_x] * weight[o,ky,kx]
// Thread = TX columns, walking down: rows of x stay in registers while a window still needs them, so that a row of outputs
// costs NEW rows of loads (3x3, 8 columns: 10 loads for 72 multiply-adds; conv2d_direct.wgsl: 31). Windows whose tap rows
// coincide are out_step = lcm(stride_y, dilation_y) / stride_y rows apart; NEW = lcm / dilation_y, KH at most, new rows each.
// The last strip of columns overlaps the one before it, but stores what is its own. TX <= ow.
// FLIP: taps backwards, which makes this the data gradient for stride 1, og = 1 and the padding reach - pad.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * o * bands * out_step * strips, where
// strips = ceil(ow / TX), bands = ceil(ceil(oh / out_step) / steps).

// @variant TX=4 KH=5 KW=5 HAS_BIAS=true FIT=true
// @variant TX=2 KH=2 KW=3 SX=2 DX=3 NEW=2 FLIP=true

override WG: u32 = 64;

const TX: u32 = 8;
const KH: u32 = 3;
const KW: u32 = 3;
const SX: u32 = 1;
const DX: u32 = 1;
const NEW: u32 = 1;
const KEEP: u32 = KH - NEW;
const SPAN: u32 = (TX - 1u) * SX + (KW - 1u) * DX + 1u;
const WINDOW: u32 = KH * SPAN;
const TAPS: u32 = KH * KW;
const HAS_BIAS: bool = false;
const FLIP: bool = false;
const FIT: bool = false; // strips do not overlap: stores without tests

struct Params {
  threads: u32,
  channels: u32, // o
  og: u32,
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  stride_y: u32,
  dilation_y: u32,
  pad_y: u32, // these two may wrap below 0
  pad_x: u32,
  strips: u32,
  out_step: u32,
  bands: u32,
  steps: u32,
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
  let walk = t / params.strips; // divisions are slow: one a level, the rest by multiplying back
  let own = (t - walk * params.strips) * TX;
  let ox = min(own, params.ow - TX);
  let lane = walk / params.out_step;
  let plane = lane / params.bands; // n * channels + o
  let start = walk - lane * params.out_step + (lane - plane * params.bands) * params.steps * params.out_step;
  let o = plane % params.channels;

  var ws: array<f32, TAPS>;
  // @unroll
  for (var k = 0u; k < TAPS; k++) {
    ws[k] = weight[o * TAPS + select(k, TAPS - 1u - k, FLIP)];
  }
  var b = 0.0;
  if (HAS_BIAS) { b = bias[o]; }
  // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
  var rows: array<u32, SPAN>;
  // @unroll
  for (var s = 0u; s < SPAN; s++) {
    rows[s] = select(0u, params.h, ox * SX + s - params.pad_x < params.w);
  }
  let corner = plane / params.og * params.h * params.w + ox * SX - params.pad_x;
  var iy = start * params.stride_y - params.pad_y;
  var window: array<f32, WINDOW>;
  // @unroll
  for (var ky = 0u; ky < KEEP; ky++) {
    // @unroll
    for (var s = 0u; s < SPAN; s++) {
      window[(ky + NEW) * SPAN + s] = select(0.0, x[corner + iy * params.w + s], iy < rows[s]);
    }
    iy += params.dilation_y;
  }

  var i = (plane * params.oh + start) * params.ow + ox;
  let end = min(start + params.steps * params.out_step, params.oh);
  for (var oy = start; oy < end; oy += params.out_step) {
    // @unroll
    for (var k = 0u; k < KEEP * SPAN; k++) {
      window[k] = window[k + NEW * SPAN];
    }
    // @unroll
    for (var ky = KEEP; ky < KH; ky++) {
      // @unroll
      for (var s = 0u; s < SPAN; s++) {
        window[ky * SPAN + s] = select(0.0, x[corner + iy * params.w + s], iy < rows[s]);
      }
      iy += params.dilation_y;
    }
    // @unroll
    for (var j = 0u; j < TX; j++) {
      var sum = b;
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        // @unroll
        for (var kx = 0u; kx < KW; kx++) {
          sum += window[ky * SPAN + j * SX + kx * DX] * ws[ky * KW + kx];
        }
      }
      if (FIT || ox + j >= own) { y[i + j] = epilogue(sum, i + j); }
    }
    i += params.out_step * params.ow;
  }
}
