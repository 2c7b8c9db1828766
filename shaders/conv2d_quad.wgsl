enable subgroups;
// 2-D convolution from registers, weights shared by quads: thread = TY output rows of one column x TO output channels.
//   y[n,o,oy,ox] = bias[o] + sum over ic, ky, kx of x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...] * weight(o,ic,ky,kx)
// Step over conv2d_direct.wgsl: the four lanes of a quad work for the same channels, so each loads a quarter of the weights
// and they swap registers (3x3, 8x8: 16 loads for 192 multiply-adds, not 34). The weight is read with strides, which also
// makes this the data gradient of a convolution of stride 1: channels exchanged, taps backwards. Borders as there.
// Needs the feature `subgroups`, any subgroup size.
// Grid: groups * blocks * chunks workgroups, folded into y; blocks = ceil(og / TO), chunks = ceil(strips / WG),
// strips = n * bands * ow, bands = ceil(oh / TY).

// @variant TY=4 TO=16 KH=1 HAS_BIAS=true FIT=true
// @variant TY=4 TO=4 KH=5 SY=2 DY=3

const WG: u32 = 32;

const TY: u32 = 8;
const TO: u32 = 8;
const KH: u32 = 3;
const SY: u32 = 1;
const DY: u32 = 1;
const SPAN: u32 = (TY - 1u) * SY + (KH - 1u) * DY + 1u;
const TILE: u32 = TY * TO;
const HAS_BIAS: bool = false;
const FIT: bool = false; // no tile reaches past an end: stores without tests

struct Params {
  workgroups: u32,
  strips: u32,
  chunks: u32,
  blocks: u32,
  bands: u32,
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
  pad_y: u32, // these two may wrap below 0
  pad_x: u32,
  w0: u32, // weight(o,ic,ky,kx) = weight[w0 + g*wg + o*wo + ic*wi + ky*wy + kx*wx], modulo 2^32
  wg: u32,
  wo: u32,
  wi: u32,
  wy: u32,
  wx: u32,
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
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = wid.y * nwg.x + wid.x;
  if (group >= params.workgroups) { return; }
  let q = lane & 3u;
  let channels = group / params.chunks; // g * blocks + block
  let g = channels / params.blocks;
  let o0 = (channels - g * params.blocks) * TO; // within the group
  let t = (group - channels * params.chunks) * WG + lid.x;
  // Lanes past the end repeat the last strip, channels past the group its last one: neither is stored.
  let strip = min(t, params.strips - 1u);
  let row = strip / params.ow;
  let ox = strip - row * params.ow;
  let n = row / params.bands;
  let oy0 = (row - n * params.bands) * TY;
  let part = n * params.groups + g;
  let iy0 = oy0 * SY - params.pad_y;

  var acc: array<f32, TILE>; // channel c of acc is o0 + (c ^ q): a swap with lane q ^ s brings that one, for every lane
  var rows: array<u32, TO>; // of four, the first is used: this lane's share of the weights
  // @unroll
  for (var c = 0u; c < TO; c += 4u) {
    rows[c] = params.w0 + g * params.wg + min(o0 + (c ^ q), params.og - 1u) * params.wo;
  }
  var kx = 0u;
  var plane = part * params.cg * params.h * params.w;
  var tap = 0u;
  // One loop over input channels and kernel columns: a software adapter copies every sum once per turn of every loop.
  for (var k = 0u; k < params.cg * params.kw; k++) {
    // What lies left of or above x wraps to a huge number: one comparison tests both ends. A column outside has no rows.
    let ix = ox * params.stride_x + kx * params.dilation_x - params.pad_x;
    let height = select(0u, params.h, ix < params.w);
    let first = plane + iy0 * params.w + ix;
    var xs: array<f32, SPAN>;
    // @unroll
    for (var s = 0u; s < SPAN; s++) {
      xs[s] = select(0.0, x[first + s * params.w], iy0 + s < height);
    }
    // @unroll
    for (var c = 0u; c < TO; c += 4u) {
      // @unroll
      for (var ky = 0u; ky < KH; ky++) {
        let w0 = weight[rows[c] + tap + ky * params.wy];
        let w1 = quadSwapX(w0);
        let w2 = quadSwapY(w0);
        let w3 = quadSwapDiagonal(w0);
        // @unroll
        for (var j = 0u; j < TY; j++) {
          acc[c * TY + j] += xs[j * SY + ky * DY] * w0;
          acc[(c + 1u) * TY + j] += xs[j * SY + ky * DY] * w1;
          acc[(c + 2u) * TY + j] += xs[j * SY + ky * DY] * w2;
          acc[(c + 3u) * TY + j] += xs[j * SY + ky * DY] * w3;
        }
      }
    }
    kx++;
    let next = kx == params.kw; // on to the next input channel
    tap += select(params.wx, params.wi - (kx - 1u) * params.wx, next);
    kx = select(kx, 0u, next);
    plane += select(0u, params.h * params.w, next);
  }

  // @unroll
  for (var c = 0u; c < TO; c++) {
    let o = o0 + (c ^ q);
    if (FIT || (o < params.og && t < params.strips)) {
      let first = ((part * params.og + o) * params.oh + oy0) * params.ow + ox;
      var b = 0.0;
      if (HAS_BIAS) { b = bias[g * params.og + o]; }
      // @unroll
      for (var j = 0u; j < TY; j++) {
        let i = first + j * params.ow;
        if (FIT || oy0 + j < params.oh) { y[i] = epilogue(acc[c * TY + j] + b, i); }
      }
    }
  }
}
