enable subgroups;
// 2-D convolution from registers, weights shared by quads: thread = TY output rows of one column x TO output channels.
//   y[n,o,oy,ox] = bias[o] + sum over ic, ky, kx of x[n, g*cg + ic, oy*SY + ky*DY - pad_y, ox*stride_x + ...] * weight(o,ic,ky,kx)
// Step over conv2d_direct.wgsl: the four lanes of a quad work for the same channels, so each loads a quarter of the weights
// and they swap registers (3x3, 8x8: 16 loads for 192 multiply-adds, not 34). The weight is read with strides, which also
// makes this the data gradient of a convolution of stride 1: channels exchanged, taps backwards. Borders as there.
// POOL: instead the maxima over windows 2x2, which a fuser asks for (src/gpu/fuse/pooled.ts); oh, ow, TY even.
// MOMENTS: besides, what batch_norm_statistics.wgsl gives, a split for each quad (src/gpu/fuse/moments.ts).
// Needs the feature `subgroups`, any subgroup size; POOL and MOMENTS also that neighbours in lid are neighbours in lane.
// Grid: groups * blocks * chunks workgroups, folded into y; blocks = ceil(og / TO), chunks = ceil(strips / WG),
// strips = n * bands * ow, bands = ceil(oh / TY).

// @variant TY=4 TO=16 KH=1 HAS_BIAS=true FIT=true
// @variant TY=4 TO=4 KH=5 SY=2 DY=3
// @variant TY=14 TO=4 KH=5 POOL=1
// @variant MOMENTS=1 HAS_BIAS=true

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
const POOL: u32 = 0u; // or 1: loops over nothing leave no text
const POOLED_CHANNELS: u32 = TO * POOL;
const POOLED_ROWS: u32 = TY / 2u * 2u;
const STORED_CHANNELS: u32 = TO - POOLED_CHANNELS;
const MOMENTS: u32 = 0u; // or 1
const MOMENT_CHANNELS: u32 = TO * MOMENTS;

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

// Maximum o, which stands at `at` of its plane.
fn store_pooled(o: u32, v: f32, at: u32) { y[o] = v; }

// Count, shift, rest and m2 of a set (batch_norm_moments.wgsl): entry [split, channel].
fn store_moments(at: u32, m: vec4f) {}

fn merged(a: vec4f, b: vec4f) -> vec4f {
  let count = max(a.x + b.x, 1.0);
  let delta = (b.y - a.y) + (b.z - a.z);
  let part = b.x / count;
  return vec4f(a.x + b.x, a.y, a.z + delta * part, a.w + b.w + delta * delta * a.x * part);
}

// What beats what in max pooling, as in pool_max.wgsl, whose names epilogues use.
fn not_a_number(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }
fn tops(v: f32, best: f32) -> bool { return not_a_number(v) || (v > best && !not_a_number(best)); }

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
  for (var c = 0u; c < POOLED_CHANNELS; c += 2u) {
    // The neighbour in the quad has the other column of this lane's channel c at c + 1, and the other way round.
    let o = o0 + (c ^ q);
    let o_next = o0 + ((c + 1u) ^ q);
    let first = ((part * params.og + o) * params.oh + oy0) * params.ow + ox;
    let first_next = ((part * params.og + o_next) * params.oh + oy0) * params.ow + ox;
    var b = 0.0;
    var b_next = 0.0;
    if (HAS_BIAS) {
      b = bias[g * params.og + o];
      b_next = bias[g * params.og + o_next];
    }
    let right = (ox & 1u) == 1u;
    // @unroll
    for (var j = 0u; j < POOLED_ROWS; j += 2u) {
      let above = epilogue(acc[c * TY + j] + b, first + j * params.ow);
      let below = epilogue(acc[c * TY + j + 1u] + b, first + (j + 1u) * params.ow);
      let above_other = quadSwapX(epilogue(acc[(c + 1u) * TY + j] + b_next, first_next + j * params.ow));
      let below_other = quadSwapX(epilogue(acc[(c + 1u) * TY + j + 1u] + b_next, first_next + (j + 1u) * params.ow));
      // In the order of the pooling: of equal values the first counts.
      let corner = (oy0 + j) * params.ow + (ox & ~1u);
      var best = select(above, above_other, right);
      var at = corner;
      let v1 = select(above_other, above, right);
      let v2 = select(below, below_other, right);
      let v3 = select(below_other, below, right);
      // No branches: a software adapter runs both arms, and copies every sum besides.
      at = select(at, corner + 1u, tops(v1, best));
      best = select(best, v1, tops(v1, best));
      at = select(at, corner + params.ow, tops(v2, best));
      best = select(best, v2, tops(v2, best));
      at = select(at, corner + params.ow + 1u, tops(v3, best));
      best = select(best, v3, tops(v3, best));
      if (FIT || (o < params.og && t < params.strips && oy0 + j < params.oh)) {
        let row = ((part * params.og + o) * params.oh + oy0 + j) / 2u;
        store_pooled((row * params.ow + ox) / 2u, best, at);
      }
    }
  }
  // @unroll
  for (var c = 0u; c < MOMENT_CHANNELS; c += 4u) {
    var m: array<vec4f, 4>;
    // @unroll
    for (var k = 0u; k < 4u; k++) {
      var b = 0.0;
      if (HAS_BIAS) { b = bias[g * params.og + min(o0 + ((c + k) ^ q), params.og - 1u)]; }
      let shift = acc[(c + k) * TY] + b;
      let rows_left = select(0u, min(params.oh - oy0, TY), FIT || t < params.strips);
      var sum = 0.0;
      var squares = 0.0;
      // @unroll
      for (var j = 1u; j < TY; j++) {
        let d = select(0.0, (acc[(c + k) * TY + j] + b) - shift, j < rows_left);
        sum += d;
        squares += d * d;
      }
      let count = f32(rows_left);
      let mean = sum / max(count, 1.0);
      m[k] = vec4f(count, shift, mean, max(squares - sum * mean, 0.0));
    }
    let all = merged(merged(m[0], quadSwapX(m[1])), merged(quadSwapY(m[2]), quadSwapDiagonal(m[3])));
    let o = o0 + (c ^ q);
    if (FIT || o < params.og) { store_moments((t / 4u * params.groups + g) * params.og + o, all); }
  }
  // @unroll
  for (var c = 0u; c < STORED_CHANNELS; c++) {
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
