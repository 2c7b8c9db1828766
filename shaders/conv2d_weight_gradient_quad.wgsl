enable subgroups;
// Gradient of conv2d in its weight, dy shared by quads: thread = one kernel column (KH taps) x NI input x TO output channels,
//   partial[s,o,ic,ky,kx] = sum over the units of split s of dy[n,o,oy,ox] * x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...]
// Step over conv2d_weight_gradient.wgsl: the lanes of a quad have their own x and the same dy, so each loads a quarter of dy
// and they swap registers (3x3, 8 rows x 8 outputs: 26 loads for 192 multiply-adds, not 74). Units, splits, row0 as there.
// HAS_SUMS: also partial_sums[s,o] = the sums of dy, the gradient of the bias, from what is loaded anyway.
// Needs the feature `subgroups`, any subgroup size.
// Grid: splits * groups * blocks * chunks workgroups, folded into y; blocks = ceil(og / TO), chunks = ceil(lanes / WG),
// lanes = ceil(cg / NI) * kw, units = n * bands.

// @variant TY=4 TO=16 NI=4 KH=1
// @variant TY=2 TO=4 KH=5 SY=2 DY=2
// @variant HAS_SUMS=true

const WG: u32 = 32;

const TY: u32 = 8;
const TO: u32 = 8;
const NI: u32 = 1;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const SPAN: u32 = (TY - 1u) * SY + (KH - 1u) * DY + 1u;
const TILE: u32 = KH * NI * TO;
const READ: u32 = NI * SPAN;
const HAS_SUMS: bool = false;

struct Params {
  workgroups: u32,
  lanes: u32,
  chunks: u32,
  blocks: u32,
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
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = wid.y * nwg.x + wid.x;
  if (group >= params.workgroups) { return; }
  let q = lane & 3u;
  let block = group / params.chunks;
  let part = block / params.blocks; // split * groups + g
  let o0 = (block - part * params.blocks) * TO; // within the group
  let split = part / params.groups;
  let g = part - split * params.groups;
  // Lanes past the end repeat the last, channels past the group its last one: neither is stored.
  let t = (group - block * params.chunks) * WG + lid.x;
  let column = min(t, params.lanes - 1u);
  let ic0 = column / params.kw * NI;
  let kx = column % params.kw;
  let area = params.oh * params.ow;

  let unit0 = split * params.units_per_split;
  let units = min(params.units_per_split, max(params.units, unit0) - unit0);
  let row_end = params.row0 + params.bands * TY;

  var acc: array<f32, TILE>; // channel c of acc is o0 + (c ^ q): a swap with lane q ^ s brings that one, for every lane
  var own: array<u32, TO>; // of four, the first is used: this lane's share of dy
  var sums: array<f32, TO>; // as own
  // @unroll
  for (var c = 0u; c < TO; c += 4u) {
    own[c] = min(o0 + (c ^ q), params.og - 1u) * area;
  }
  var planes: array<u32, NI>;
  // @unroll
  for (var i = 0u; i < NI; i++) {
    planes[i] = min(ic0 + i, params.cg - 1u) * params.h * params.w;
  }
  var n = unit0 / params.bands;
  var oy = params.row0 + (unit0 - n * params.bands) * TY;
  var ox = 0u;
  // Units and their columns in one loop: a software adapter copies every sum once per turn of every loop.
  for (var k = 0u; k < units * params.ow; k++) {
    // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
    let iy0 = oy * SY - params.pad_y;
    let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
    let rows = select(0u, params.h, ix < params.w);
    let first = ((n * params.groups + g) * params.cg * params.h + iy0) * params.w + ix;
    let at = (n * params.groups + g) * params.og * area + oy * params.ow + ox;
    var xs: array<f32, READ>;
    // @unroll
    for (var i = 0u; i < NI; i++) {
      // @unroll
      for (var s = 0u; s < SPAN; s++) {
        xs[i * SPAN + s] = select(0.0, x[first + planes[i] + s * params.w], iy0 + s < rows);
      }
    }
    // @unroll
    for (var c = 0u; c < TO; c += 4u) {
      // @unroll
      for (var j = 0u; j < TY; j++) {
        let d0 = dy[at + own[c] + j * params.ow];
        if (HAS_SUMS) { sums[c] += d0; }
        let d1 = quadSwapX(d0);
        let d2 = quadSwapY(d0);
        let d3 = quadSwapDiagonal(d0);
        // @unroll
        for (var i = 0u; i < NI; i++) {
          // @unroll
          for (var ky = 0u; ky < KH; ky++) {
            acc[(c * NI + i) * KH + ky] += xs[i * SPAN + j * SY + ky * DY] * d0;
            acc[((c + 1u) * NI + i) * KH + ky] += xs[i * SPAN + j * SY + ky * DY] * d1;
            acc[((c + 2u) * NI + i) * KH + ky] += xs[i * SPAN + j * SY + ky * DY] * d2;
            acc[((c + 3u) * NI + i) * KH + ky] += xs[i * SPAN + j * SY + ky * DY] * d3;
          }
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
  for (var c = 0u; c < TO; c++) {
    let o = o0 + (c ^ q);
    let channel = ((params.split0 * params.groups + part) * params.og + o) * params.cg + ic0;
    // @unroll
    for (var i = 0u; i < NI; i++) {
      if (t < params.lanes && o < params.og && ic0 + i < params.cg) {
        // @unroll
        for (var ky = 0u; ky < KH; ky++) {
          partial[((channel + i) * KH + ky) * params.kw + kx] = acc[(c * NI + i) * KH + ky];
        }
      }
    }
  }
  // Every quad has them: the first one writes.
  if (HAS_SUMS && lid.x < 4u && group == block * params.chunks) {
    // @unroll
    for (var c = 0u; c < TO; c += 4u) {
      let o = o0 + (c ^ q);
      if (o < params.og) { partial_sums[(params.split0 * params.groups + part) * params.og + o] = sums[c]; }
    }
  }
}
