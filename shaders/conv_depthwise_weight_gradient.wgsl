// Gradient of the depthwise convolution in its weight, in partial sums:
//   partial[s,o,ky,kx] = sum over the walks of split s of dy[n,o,oy,ox] * x[n, o / og, oy*stride_y + ky*dilation_y - pad_y, ox*SX + kx*DX - pad_x]
// Thread = all taps of one channel, in registers. A walk is TX columns of one image from top to bottom, with the rows of x
// kept as in conv_depthwise.wgsl (3x3, 8 columns: 18 loads for 72 multiply-adds). Split s has the walks split, split +
// splits, ...; neighbouring threads read neighbouring strips. Columns that fill no strip are a dispatch of their own with
// a smaller TX from column0 on, whose partial sums follow from split0: a strip padded with zeros would multiply them with
// an Inf in x. conv2d_weight_gradient_sum.wgsl adds the splits in order.
// HAS_SUMS: also partial_sums[s,o] = the sums of dy, the gradient of the bias, from what is loaded anyway.
// Grid: ceil(threads / WG) workgroups, folded into y; threads = channels * splits, walks = n * bands * out_step * strips.

// @variant TX=4 KH=5 KW=5
// @variant HAS_SUMS=true
// @variant TX=2 KH=2 KW=3 SX=2 DX=3 NEW=2

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
const HAS_SUMS: bool = false;

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
  pad_y: u32,
  pad_x: u32,
  strips: u32,
  out_step: u32,
  bands: u32,
  steps: u32,
  walks: u32,
  splits: u32,
  split0: u32,
  column0: u32,
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
  let o = t / params.splits;
  let split = t - o * params.splits;

  var acc: array<f32, TAPS>;
  var sum = 0.0;
  for (var walk = split; walk < params.walks; walk += params.splits) {
    let lane = walk / params.strips;
    let ox = params.column0 + (walk - lane * params.strips) * TX;
    let image = lane / params.out_step;
    let n = image / params.bands;
    let start = lane - image * params.out_step + (image - n * params.bands) * params.steps * params.out_step;
    let plane = n * params.channels + o;
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
        let d = dy[i + j];
        if (HAS_SUMS) { sum += d; }
        // @unroll
        for (var ky = 0u; ky < KH; ky++) {
          // @unroll
          for (var kx = 0u; kx < KW; kx++) {
            acc[ky * KW + kx] += window[ky * SPAN + j * SX + kx * DX] * d;
          }
        }
      }
      i += params.out_step * params.ow;
    }
  }
  let channel = (params.split0 + split) * params.channels + o;
  if (HAS_SUMS) { partial_sums[channel] = sum; }
  // @unroll
  for (var k = 0u; k < TAPS; k++) {
    partial[channel * TAPS + k] = acc[k];
  }
}
