// Gradient of conv2d in its weight: thread = one kernel column (KH taps) x TO output channels, KH*TO sums in registers,
//   partial[s,o,ic,ky,kx] = sum over the units of split s of dy[n,o,oy,ox] * x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...]
// A unit is TY output rows of one image: there TY*TO + SPAN loads serve KH*TY*TO multiply-adds (5x5, 7x4: 39 for 140). Rows
// that fill no tile, from row0 on, are a dispatch of their own with TY = 1, whose splits are numbered from split0: a tile
// padded with zeros would multiply them with an Inf in x. conv2d_weight_gradient_sum.wgsl adds the splits in order.
// HAS_SUMS: also partial_sums[s,o] = the sums of dy, the gradient of the bias, from what is loaded anyway.
// Rows and columns outside x read as 0, so an Inf in dy whose window overlaps the padding at a tap makes that tap NaN.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = splits * groups * blocks * cg * kw, blocks = ceil(og / TO),
// units = n * bands.

// @variant TY=4 TO=2 KH=5 SY=2 DY=2
// @variant HAS_SUMS=true

override WG: u32 = 64;

const TY: u32 = 7;
const TO: u32 = 4;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const SPAN: u32 = (TY - 1u) * SY + (KH - 1u) * DY + 1u;
const TILE: u32 = KH * TO;
const HAS_SUMS: bool = false;

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
  units: u32,
  units_per_split: u32,
  split0: u32,
  row0: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial_sums: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let column = t / params.kw; // divisions are slow: one a level, the rest by multiplying back
  let kx = t - column * params.kw;
  let block = column / params.cg;
  let ic = column - block * params.cg;
  let part = block / params.blocks; // split * groups + g
  let o0 = (block - part * params.blocks) * TO; // within the group
  let split = part / params.groups;
  let g = part - split * params.groups;
  // The last block may reach past the group: it repeats the last channel and does not store it.
  let last = min(TO, params.og - o0) - 1u;
  let area = params.oh * params.ow;

  let unit0 = split * params.units_per_split;
  let units = min(params.units_per_split, max(params.units, unit0) - unit0);
  let row_end = params.row0 + params.bands * TY;

  var acc: array<f32, TILE>;
  var sums: array<f32, TO>;
  var n = unit0 / params.bands;
  var oy = params.row0 + (unit0 - n * params.bands) * TY;
  var ox = 0u;
  // Units and their columns in one loop: a software adapter copies every sum once per turn of every loop.
  for (var k = 0u; k < units * params.ow; k++) {
    // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
    let iy0 = oy * SY - params.pad_y;
    let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
    let rows = select(0u, params.h, ix < params.w);
    let first = (((n * params.groups + g) * params.cg + ic) * params.h + iy0) * params.w + ix;
    let at = ((n * params.groups + g) * params.og + o0) * area + oy * params.ow + ox;
    var xs: array<f32, SPAN>;
    // @unroll
    for (var s = 0u; s < SPAN; s++) {
      xs[s] = select(0.0, x[first + s * params.w], iy0 + s < rows);
    }
    // @unroll
    for (var o = 0u; o < TO; o++) {
      // @unroll
      for (var j = 0u; j < TY; j++) {
        let d = dy[at + min(o, last) * area + j * params.ow];
        if (HAS_SUMS) { sums[o] += d; }
        // @unroll
        for (var ky = 0u; ky < KH; ky++) {
          acc[o * KH + ky] += xs[j * SY + ky * DY] * d;
        }
      }
    }
    ox++;
    let next = ox == params.ow; // on to the next unit
    ox = select(ox, 0u, next);
    oy += select(0u, TY, next);
    n += select(0u, 1u, oy == row_end);
    oy = select(oy, params.row0, oy == row_end);
  }

  // @unroll
  for (var o = 0u; o < TO; o++) {
    if (o <= last) {
      let channel = (params.split0 * params.groups + part) * params.og + o0 + o;
      if (HAS_SUMS && ic + kx == 0u) { partial_sums[channel] = sums[o]; } // every column has them: the first one writes
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        partial[((channel * params.cg + ic) * KH + ky) * params.kw + kx] = acc[o * KH + ky];
      }
    }
  }
}
