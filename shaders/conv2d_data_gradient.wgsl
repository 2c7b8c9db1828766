// Gradient of conv2d in its input, gathered (no atomics): every dx sums over the windows that read it,
//   dx[n,ic,iy,ix] = sum over o, ky, kx of dy[n,o,(iy + pad_y - ky*DY) / SY, (ix + pad_x - kx*dilation_x) / stride_x] * weight[o,ic,ky,kx]
// where both divisions leave no remainder. Thread = TY rows of one column x TO input channels, held in registers.
// Rows: TY is a multiple of SY and the tile starts where iy + pad_y divides by SY, so which taps meet which row is known
// when the shader compiles. Columns: the valid kx are every step-th one, step = stride_x / gcd(stride_x, dilation_x).
// Grid: ceil(threads / WG) workgroups, folded into y; threads = n * groups * blocks * bands * w, where
// blocks = ceil(cg / TO), bands = ceil((h + pad_y % SY) / TY).

// @variant TY=14 KH=5
// @variant TY=6 TO=2 KH=4 SY=3 DY=2

override WG: u32 = 64;

const TY: u32 = 8;
const TO: u32 = 4;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const REACH: u32 = ((KH - 1u) * DY + SY - 1u) / SY; // rows of dy above the tile's first
const SPAN: u32 = (TY - 1u) / SY + REACH + 1u;
const TILE: u32 = TY * TO;

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
  step: u32,
}

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
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let strip = t / params.w; // divisions are slow: one a level, the rest by multiplying back
  let ix = t - strip * params.w;
  let tile = strip / params.bands;
  let iy0 = (strip - tile * params.bands) * TY - params.pad_y % SY; // may wrap below 0: those rows are not stored
  let part = tile / params.blocks; // n * groups + g
  let c0 = (tile - part * params.blocks) * TO; // within the group
  // The last block may reach past the group: it repeats the last channel and does not store it.
  let last = min(TO, params.cg - c0) - 1u;
  let oy0 = (iy0 + params.pad_y) / SY - REACH;
  let taps = KH * params.kw;

  // The first valid kx of this column and its ox; if none lies below step there is none at all.
  let column = ix + params.pad_x;
  var kx0 = 0u;
  while (kx0 < params.step && (column + params.stride_x * params.dilation_x * params.kw - kx0 * params.dilation_x)
    % params.stride_x != 0u) { kx0++; }
  let valid = select((params.kw - kx0 + params.step - 1u) / params.step, 0u, kx0 >= min(params.step, params.kw));
  let ox0 = u32(i32(column - kx0 * params.dilation_x) / i32(params.stride_x));
  let ox_step = params.step * params.dilation_x / params.stride_x;

  var acc: array<f32, TILE>;
  var kx = kx0;
  var ox = ox0;
  var plane = part * params.og * params.oh * params.ow;
  var tap = (part % params.groups * params.og * params.cg + c0) * taps;
  // One loop over output channels and kernel columns: a software adapter copies every sum once per turn of every loop.
  for (var k = 0u; k < params.og * valid; k++) {
    // What lies left of or above dy wraps to a huge number: one comparison tests both ends. A column outside has no rows.
    let rows = select(0u, params.oh, ox < params.ow);
    let first = plane + oy0 * params.ow + ox;
    var ys: array<f32, SPAN>;
    // @unroll
    for (var s = 0u; s < SPAN; s++) {
      ys[s] = select(0.0, dy[first + s * params.ow], oy0 + s < rows);
    }
    // @unroll
    for (var c = 0u; c < TO; c++) {
      let corner = tap + min(c, last) * taps + kx;
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        let wk = weight[corner + ky * params.kw];
        // @unroll
        for (var j = 0u; j < TY; j++) {
          if ((j + REACH * SY - ky * DY) % SY == 0u) {
            acc[c * TY + j] += ys[(j + REACH * SY - ky * DY) / SY] * wk;
          }
        }
      }
    }
    kx += params.step;
    let next = kx >= params.kw; // on to the next output channel
    kx = select(kx, kx0, next);
    ox = select(ox - ox_step, ox0, next);
    plane += select(0u, params.oh * params.ow, next);
    tap += select(0u, params.cg * taps, next);
  }

  // @unroll
  for (var c = 0u; c < TO; c++) {
    if (c <= last) {
      let first = ((part * params.cg + c0 + c) * params.h + iy0) * params.w + ix;
      // @unroll
      for (var j = 0u; j < TY; j++) {
        let i = first + j * params.w;
        if (iy0 + j < params.h) { dx[i] = epilogue(acc[c * TY + j], i); }
      }
    }
  }
}
