// Gradient of conv2d in its weight: thread = one kernel column (KH taps) x TO output channels, KH*TO sums in registers,
//   partial[s,o,ic,ky,kx] = sum over the units of split s of dy[n,o,oy,ox] * x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...]
// A unit is TY output rows of one image: there TY*TO + SPAN loads serve KH*TY*TO multiply-adds (5x5, 7x4: 39 for 140). Rows
// left over at the foot go one by one: a tile padded with zeros would multiply them with an Inf in x.
// With one split `partial` is the gradient; else reduce it with conv2d_weight_gradient_sum.wgsl, in a fixed order.
// Rows and columns outside x read as 0, so an Inf in dy whose window overlaps the padding at a tap makes that tap NaN.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = splits * groups * blocks * cg * kw, blocks = ceil(og / TO).

// @variant TY=4 TO=2 KH=5 SY=2 DY=2

override WG: u32 = 64;

const TY: u32 = 7;
const TO: u32 = 4;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const SPAN: u32 = (TY - 1u) * SY + (KH - 1u) * DY + 1u;
const TILE: u32 = KH * TO;

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
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WG)
fn main(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
) {
  let t = (wid.y * nwg.x + wid.x) * WG + lid.x;
  if (t >= params.threads) { return; }
  let kx = t % params.kw;
  let ic = t / params.kw % params.cg;
  let block = t / (params.kw * params.cg) % (params.blocks * params.groups);
  let s0 = t / (params.kw * params.cg * params.blocks * params.groups);
  let g = block / params.blocks;
  let o0 = block % params.blocks * TO; // within the group
  let area = params.oh * params.ow;
  // The last block may reach past the group: it repeats the last channel and does not store it.
  let o_last = params.og - 1u;

  var acc: array<f32, TILE>;
  let end = min((s0 + 1u) * params.units_per_split, params.units);
  for (var u = s0 * params.units_per_split; u < end; u++) {
    let n = u / params.bands;
    let oy0 = u % params.bands * TY;
    let plane = ((n * params.groups + g) * params.cg + ic) * params.h * params.w;
    let image = (n * params.groups + g) * params.og;
    let rest = params.oh - oy0;
    // Two loops, one of them empty, and no if: a software adapter runs both arms of an if.
    for (var ox = 0u; ox < select(0u, params.ow, rest >= TY); ox++) {
      // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
      let iy0 = oy0 * SY - params.pad_y;
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
        let at = (image + min(o0 + o, o_last)) * area + oy0 * params.ow + ox;
        // @unroll
        for (var j = 0u; j < TY; j++) {
          let d = dy[at + j * params.ow];
          // @unroll
          for (var ky = 0u; ky < KH; ky++) {
            acc[o * KH + ky] += xs[j * SY + ky * DY] * d;
          }
        }
      }
    }
    for (var i = oy0 * params.ow; i < select(area, 0u, rest >= TY); i++) {
      let iy0 = i / params.ow * SY - params.pad_y;
      let ix = i % params.ow * params.stride_x + kx * params.dilation_x - params.pad_x;
      let rows = select(0u, params.h, ix < params.w);
      let first = plane + iy0 * params.w + ix;
      var xs: array<f32, KH>;
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        xs[ky] = select(0.0, x[first + ky * DY * params.w], iy0 + ky * DY < rows);
      }
      // @unroll
      for (var o = 0u; o < TO; o++) {
        let d = dy[(image + min(o0 + o, o_last)) * area + i];
        // @unroll
        for (var ky = 0u; ky < KH; ky++) {
          acc[o * KH + ky] += xs[ky] * d;
        }
      }
    }
  }

  // @unroll
  for (var o = 0u; o < TO; o++) {
    if (o0 + o < params.og) {
      let channel = (s0 * params.groups + g) * params.og + o0 + o;
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        partial[((channel * params.cg + ic) * KH + ky) * params.kw + kx] = acc[o * KH + ky];
      }
    }
  }
}
