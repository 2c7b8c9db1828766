// Gradient of the depthwise convolution in x, for any stride, M output channels a channel of x, and dilation 1:
//   dx[n,c,iy,ix] = sum over m, ky, kx of dy[n, c*M + m, (iy + pad_y - ky) / SY, (ix + pad_x - kx) / SX] * weight[c*M + m,ky,kx]
// where both divisions leave no remainder: with iy + pad_y = row*SY + r these are the ky = r + t*SY, and dy's row - t.
// Thread = TX columns of dy, that is TX * SX of dx, walking down: each row of dy is loaded once and gives SY rows of dx.
// Stride 1 and M = 1 are the FLIP of conv_depthwise.wgsl.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * c * bands * strips; rows = (pad_y + h - 1) / SY - row0 + 1,
// row0 = pad_y / SY, likewise columns; bands = ceil(rows / steps), strips = ceil(columns / TX).

// @variant TX=4 KH=5 KW=4 M=2 FIT=true
// @variant TX=2 KH=2 KW=3 SX=3 SY=2

override WG: u32 = 64;

const TX: u32 = 4;
const KH: u32 = 3;
const KW: u32 = 3;
const SX: u32 = 2;
const SY: u32 = 2;
const M: u32 = 1;
const HIGH: u32 = (KH + SY - 1u) / SY; // rows of dy that a row of dx meets
const WIDE: u32 = (KW + SX - 1u) / SX;
const SPAN: u32 = TX + WIDE - 1u;
const WINDOW: u32 = M * HIGH * SPAN;
const TAPS: u32 = KH * KW;
const WEIGHTS: u32 = M * TAPS;
const FIT: bool = false; // nothing reaches past an end of dx: stores without tests

struct Params {
  threads: u32,
  channels: u32,
  h: u32,
  w: u32,
  oh: u32,
  ow: u32,
  pad_y: u32,
  pad_x: u32,
  strips: u32,
  bands: u32,
  steps: u32,
  row0: u32,
  rows: u32,
  column0: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let walk = t / params.strips; // divisions are slow: one a level, the rest by multiplying back
  let column = params.column0 + (t - walk * params.strips) * TX;
  let plane = walk / params.bands; // n * channels + c
  let start = (walk - plane * params.bands) * params.steps;
  let end = params.row0 + min(start + params.steps, params.rows);
  let c = plane % params.channels;

  var ws: array<f32, WEIGHTS>;
  // @unroll
  for (var k = 0u; k < WEIGHTS; k++) {
    ws[k] = weight[c * WEIGHTS + k];
  }
  // What lies left of or above dy wraps to a huge number: one comparison tests both ends. A column outside has no rows.
  let ox = column - (WIDE - 1u);
  var heights: array<u32, SPAN>;
  // @unroll
  for (var s = 0u; s < SPAN; s++) {
    heights[s] = select(0u, params.oh, ox + s < params.ow);
  }
  let area = params.oh * params.ow;
  var window: array<f32, WINDOW>; // [m, row, column]
  for (var oy = params.row0 + start - (HIGH - 1u); oy != end; oy++) {
    // @unroll
    for (var m = 0u; m < M; m++) {
      // @unroll
      for (var k = 0u; k < (HIGH - 1u) * SPAN; k++) {
        window[m * HIGH * SPAN + k] = window[m * HIGH * SPAN + SPAN + k];
      }
      // @unroll
      for (var s = 0u; s < SPAN; s++) {
        let v = dy[(plane * M + m) * area + oy * params.ow + ox + s];
        window[(m * HIGH + HIGH - 1u) * SPAN + s] = select(0.0, v, oy < heights[s]);
      }
    }
    // The first rows only fill the window. They may have wrapped below 0.
    if (oy - params.row0 - start >= params.rows) { continue; }
    // @unroll
    for (var r = 0u; r < SY; r++) {
      let iy = oy * SY + r - params.pad_y;
      // @unroll
      for (var j = 0u; j < TX * SX; j++) {
        var sum = 0.0;
        // @unroll
        for (var m = 0u; m < M; m++) {
          // @unroll
          for (var u = 0u; u < HIGH; u++) {
            // @unroll
            for (var v = 0u; v < WIDE; v++) {
              if (r + u * SY < KH && j % SX + v * SX < KW) {
                sum += window[(m * HIGH + HIGH - 1u - u) * SPAN + j / SX + WIDE - 1u - v] *
                  ws[min(m * TAPS + (r + u * SY) * KW + j % SX + v * SX, WEIGHTS - 1u)];
              }
            }
          }
        }
        let ix = column * SX + j - params.pad_x;
        if (FIT || (iy < params.h && ix < params.w)) { dx[(plane * params.h + iy) * params.w + ix] = sum; }
      }
    }
  }
}
